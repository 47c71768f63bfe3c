import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { MonitoringInfoSchema } from "../gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../urns.js";
import { kindOfType } from "./kinds.js";
import { MetricsContainer } from "./metrics-container.js";

const name = { step: "Count", namespace: "words", name: "seen" };
const buckets = { type: "linear", count: 2, start: 0, width: 10 } as const;

function filled(): MetricsContainer {
  const container = new MetricsContainer();
  container.counter(name).update(3);
  container.distribution(name).update(4);
  container.gauge(name).update({ value: 5, timestamp: 6 });
  container.stringSet(name).update("six");
  container.boundedTrie(name).update(["a", "b"]);
  container.histogram(name, buckets).update(7);
  return container;
}

const results = (container: MetricsContainer): unknown[] =>
  Array.from(container.entries(), ({ key, cell }) => [key, cell.result()]);

describe("a metrics container", () => {
  it("finds a cell again by its key, and keeps kinds of one name apart", () => {
    const container = filled();
    assert.equal(container.counter({ ...name }), container.get({ ...name, kind: "counter" }));
    assert.equal(container.counter(name).result(), 3);
    assert.equal(container.get({ ...name, name: "other", kind: "counter" }), undefined);
  });

  it("reports every kind under its URN, type and labels", () => {
    const infos = filled().toMonitoringInfos();
    const { Enum: specs } = MonitoringInfoSpecs;
    const expected = [
      specs.USER_SUM_INT64,
      specs.USER_DISTRIBUTION_INT64,
      specs.USER_LATEST_INT64,
      specs.USER_SET_STRING,
      specs.USER_BOUNDED_TRIE,
      specs.USER_HISTOGRAM,
    ];
    assert.deepEqual(
      infos.map(({ urn, type }) => [urn, type]),
      expected.map(({ urn, type }) => [urn, type]),
    );
    for (const { labels } of infos) {
      assert.deepEqual(labels, { PTRANSFORM: "Count", NAMESPACE: "words", NAME: "seen" });
    }
  });

  it("reads what it reported", () => {
    const read = MetricsContainer.fromMonitoringInfos(filled().toMonitoringInfos());
    assert.deepEqual(results(read), results(filled()));
  });

  it("merges metrics of one key, wherever they were recorded, and leaves the other as it was", () => {
    const total = filled();
    const other = filled();
    other.counter({ ...name, step: "Elsewhere" }).update(1);
    total.merge(other);
    assert.equal(total.counter(name).result(), 6);
    assert.equal(total.counter({ ...name, step: "Elsewhere" }).result(), 1);
    assert.equal(total.histogram(name, buckets).result().count, 2);
    total.counter({ ...name, step: "Elsewhere" }).update(1);
    assert.equal(other.counter({ ...name, step: "Elsewhere" }).result(), 1);
  });

  it("does not report cells in which nothing was recorded", () => {
    const container = new MetricsContainer();
    container.distribution(name);
    container.gauge(name);
    assert.deepEqual(container.toMonitoringInfos(), []);
  });

  it("passes over what is not a user metric", () => {
    const { urn, type } = MonitoringInfoSpecs.Enum.ELEMENT_COUNT;
    const info = create(MonitoringInfoSchema, { urn, type, payload: Uint8Array.of(5), labels: { PCOLLECTION: "pc" } });
    assert.deepEqual(results(MetricsContainer.fromMonitoringInfos([info])), []);
    assert.equal(kindOfType(info.type)?.decode(info.payload).result(), 5);
  });
});

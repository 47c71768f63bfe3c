import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { MonitoringInfoSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import { AttemptedMetrics } from "./attempted-metrics.js";

const NAME = { step: "do", namespace: "n", name: "count" };

function counted(count: number): MetricsContainer {
  const metrics = new MetricsContainer();
  metrics.counter(NAME).update(count);
  return metrics;
}

/** The value of the counter. */
function countOf({ infos }: AttemptedMetrics): number {
  return Number(
    MetricsContainer.fromMonitoringInfos(infos)
      .get({ ...NAME, kind: "counter" })
      ?.result() ?? 0,
  );
}

describe("attempted metrics", () => {
  it("are of bundles that have ended, that are out, and that were lost", () => {
    const attempted = new AttemptedMetrics();
    assert.deepEqual(attempted.infos, []);
    attempted.progress("a", counted(1));
    attempted.progress("a", counted(2));
    assert.equal(countOf(attempted), 2);
    attempted.progress("b", counted(10));
    assert.equal(countOf(attempted), 12);
    attempted.ended("a", counted(3));
    assert.equal(countOf(attempted), 13);
    attempted.ended("b");
    attempted.ended("never heard of");
    assert.equal(countOf(attempted), 13);
  });

  it("are of workers as well, as they were last told, and of several together", () => {
    const attempted = new AttemptedMetrics();
    const calls = (payload: number) =>
      create(MonitoringInfoSchema, {
        urn: "beam:metric:io:api_request_count:v1",
        type: "beam:metrics:sum_int64:v1",
        payload: Uint8Array.of(payload),
      });
    attempted.harness("one", [calls(1)]);
    attempted.harness("one", [calls(3)]);
    attempted.harness("two", [calls(4)]);
    assert.deepEqual(
      attempted.infos.map(({ urn, payload }) => [urn, [...payload]]),
      [["beam:metric:io:api_request_count:v1", [7]]],
    );
  });
});

import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { BundleTask } from "../../../portability/execution/stage.js";
import { MAX_TIMESTAMP } from "../../../portability/execution/time.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import {
  DelayedBundleApplicationSchema,
  ProcessBundleSplitResponseSchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { describeStage } from "./bundle-descriptor.js";
import { RemoteBundle } from "./remote-bundle.js";
import { StateRequests } from "./state-requests.js";
import { DO, OUT, pairs, type StageInit, stageWith, taskWith } from "./testing/stage.js";

const windows = new WindowTable();

function bundleOf(task: Partial<BundleTask> = {}, init: StageInit = {}): RemoteBundle {
  const stage = stageWith(init);
  const described = describeStage("d", stage, windows, "localhost:1");
  const whole = taskWith(task);
  const requests = new StateRequests(stage, described, [], () => described.sources[0]!.codec.windows, whole);
  return new RemoteBundle("i", stage, described, whole, requests);
}

const { codec } = describeStage("d", stageWith(), windows, "localhost:1").sources[0]!;

/** Three batches of two elements. */
const inputs = [0, 1, 2].map((i) => ({
  input: 0,
  batch: codec.decode(pairs([`${i}`, "first", 3], [`${i}`, "second", 4])),
}));

function keysLeft(bundle: RemoteBundle): string[] {
  return bundle.residuals.flatMap(({ batch }) => batch.columns.keys!.map((key) => String(key).slice(1)));
}

function split(bundle: RemoteBundle, firstResidualElement: bigint): void {
  const transformId = bundle.described.sources[0]!.transform;
  bundle.split(create(ProcessBundleSplitResponseSchema, { channelSplits: [{ transformId, firstResidualElement }] }));
}

describe("a remote bundle", () => {
  it("sends its batches in order, then the end of each source, as messages of their own", () => {
    const messages = [...bundleOf({ inputs }, { timers: { f: "event-time" } }).messages()];
    const kinds = messages.map(({ data, timers }) =>
      data !== undefined
        ? `data${data[0]!.isLast ? " last" : ` ${data[0]!.data!.length}`}`
        : `timers${timers![0]!.isLast ? " last" : ""}`,
    );
    const size = inputs[0]!.batch.bytes;
    assert.deepEqual(kinds, [`data ${size}`, `data ${size}`, `data ${size}`, "data last", "timers last"]);
  });

  it("takes back the elements from a split on, across its batches", () => {
    for (const [at, left] of [
      [0n, ["0", "0", "1", "1", "2", "2"]],
      [1n, ["0", "1", "1", "2", "2"]],
      [2n, ["1", "1", "2", "2"]],
      [5n, ["2"]],
      [6n, []],
      [100n, []],
    ] as const) {
      const bundle = bundleOf({ inputs });
      split(bundle, at);
      assert.deepEqual(keysLeft(bundle), left);
    }
  });

  it("holds to the last of several splits", () => {
    const bundle = bundleOf({ inputs });
    split(bundle, 5n);
    split(bundle, 3n);
    assert.deepEqual(keysLeft(bundle), ["1", "2", "2"]);
  });

  it("knows how many elements it has sent to each source", () => {
    assert.deepEqual([...bundleOf({ inputs }).counts], [[0, 6]]);
  });

  it("waits for the end of each output and of each timer family, and no more", async () => {
    const bundle = bundleOf({}, { timers: { f: "event-time" }, outputs: ["one", "two"] });
    let isReceived = false;
    void bundle.received.then(() => {
      isReceived = true;
    });
    const [one, two] = bundle.described.sinks;
    const steps = [
      () => bundle.data(one!.transform, new Uint8Array(), true),
      () => bundle.timers(DO, "f", new Uint8Array(), true),
      () => bundle.data(two!.transform, new Uint8Array(), true),
    ];
    for (const step of steps) {
      assert.equal(isReceived, false);
      step();
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(isReceived, true);
    await bundleOf({}, { outputs: [] }).received;
  });

  it("puts together what messages have cut, elements and timers", async () => {
    const bundle = bundleOf({}, { timers: { f: "event-time" } });
    const [sink] = bundle.described.sinks;
    const elements = pairs(["a", "first", 3], ["b", "second", 4]);
    const window = windows.interval(0, 10);
    const set = { family: 0, key: "\x01k", tag: "", window, fire: 9, hold: 9, pane: NO_FIRING };
    const timer = Buffer.from(bundle.described.timers[0]!.encode(set));
    for (let i = 0; i < elements.length; i++) bundle.data(sink!.transform, elements.subarray(i, i + 1), false);
    for (let i = 0; i < timer.length; i++) bundle.timers(DO, "f", timer.subarray(i, i + 1), false);
    bundle.data(sink!.transform, new Uint8Array(), true);
    bundle.timers(DO, "f", new Uint8Array(), true);
    await bundle.received;
    assert.deepEqual(Buffer.concat(bundle.outputs.map(({ batch }) => codec.encode(batch))), elements);
    assert.deepEqual(
      bundle.timerChanges.map(({ timer: it }) => it?.fire),
      [9],
    );
  });

  it("refuses a stream that ends in the middle of something", () => {
    const malformed = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "malformed-data";
    const bundle = bundleOf({}, { timers: { f: "event-time" } });
    const { transform } = bundle.described.sinks[0]!;
    bundle.data(transform, pairs(["a", "first", 3]).subarray(0, -1), false);
    assert.throws(() => bundle.data(transform, new Uint8Array(), true), malformed);
    assert.throws(() => bundle.timers(DO, "f", Buffer.from("01", "hex"), true), malformed);
  });

  it("has no batch for an end without elements", () => {
    const bundle = bundleOf();
    bundle.data(bundle.described.sinks[0]!.transform, new Uint8Array(), true);
    assert.deepEqual(bundle.outputs, []);
  });

  it("takes the earliest of the watermarks of what is left", () => {
    const left = (outputWatermarks: Record<string, { seconds: bigint; nanos: number }>): number | undefined => {
      const bundle = bundleOf();
      const application = { transformId: DO, inputId: "main", element: pairs(["a", "1", 3]), outputWatermarks };
      bundle.leave([create(DelayedBundleApplicationSchema, { application })]);
      return bundle.residuals[0]!.watermark;
    };
    assert.equal(left({}), undefined);
    assert.equal(left({ [OUT]: { seconds: -1n, nanos: 999_999_999 } }), -1);
    assert.equal(left({ a: { seconds: 5n, nanos: 0 }, b: { seconds: 4n, nanos: 0 } }), 4000);
    assert.equal(left({ a: { seconds: 9223372036854n, nanos: 775_000_000 } }), MAX_TIMESTAMP);
  });

  it("refuses what is left for an input that it has not", () => {
    const application = { transformId: DO, inputId: "side", element: pairs(["a", "1", 3]) };
    assert.throws(
      () => bundleOf().leave([create(DelayedBundleApplicationSchema, { application })]),
      (thrown) => thrown instanceof GirderError && thrown.code === "malformed-data",
    );
  });
});

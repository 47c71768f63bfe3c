import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import type { Batch } from "../../../portability/execution/batch.js";
import { NO_FIRING } from "../../../portability/execution/pane.js";
import type { BundleSplit, BundleTask } from "../../../portability/execution/stage.js";
import { MAX_TIMESTAMP } from "../../../portability/execution/time.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import {
  type BundleApplicationSchema,
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

function keysOf(work: readonly { readonly batch: Batch }[]): string[] {
  return work.flatMap(({ batch }) => batch.columns.keys!.map((key) => String(key).slice(1)));
}

/** Restrictions that a split makes of an element. */
interface Roots {
  readonly primaryRoots?: BundleApplicationInit[];
  readonly residualRoots?: { application: BundleApplicationInit }[];
}
type BundleApplicationInit = MessageInitShape<typeof BundleApplicationSchema>;

/** The worker gives back the elements from one position on, and perhaps restrictions. */
function split(bundle: RemoteBundle, first: number, last = first - 1, roots: Roots = {}): BundleSplit | undefined {
  const transformId = bundle.described.sources[0]!.transform;
  const channelSplits = [{ transformId, lastPrimaryElement: BigInt(last), firstResidualElement: BigInt(first) }];
  return bundle.split(create(ProcessBundleSplitResponseSchema, { ...roots, channelSplits }), 0);
}

const root = (key: string) => ({ transformId: DO, inputId: "main", element: pairs([key, "root", 3]) });

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

  it("takes back the elements from a split on, across its batches, and keeps those before", () => {
    const all = ["0", "0", "1", "1", "2", "2"];
    for (const at of [0, 1, 2, 5]) {
      const { kept, residuals } = split(bundleOf({ inputs }), at)!;
      assert.deepEqual([keysOf(kept), keysOf(residuals)], [all.slice(0, at), all.slice(at)]);
    }
    for (const at of [6, 100]) assert.equal(split(bundleOf({ inputs }), at), undefined);
  });

  it("gives back of each of several splits what the one before has left", () => {
    const bundle = bundleOf({ inputs });
    assert.deepEqual(keysOf(split(bundle, 5)!.residuals), ["2"]);
    const { kept, residuals } = split(bundle, 3)!;
    assert.deepEqual(
      [keysOf(kept), keysOf(residuals)],
      [
        ["0", "0", "1"],
        ["1", "2"],
      ],
    );
    assert.equal(split(bundle, 4), undefined);
  });

  it("keeps of an element that is divided what the worker still does of it, however often it is divided", () => {
    const bundle = bundleOf({ inputs });
    const divided = (primary: string, residual: string) =>
      split(bundle, 3, 1, { primaryRoots: [root(primary)], residualRoots: [{ application: root(residual) }] })!;
    const first = divided("p", "r");
    assert.deepEqual(
      [keysOf(first.kept), keysOf(first.residuals)],
      [
        ["0", "0", "p"],
        ["1", "2", "2", "r"],
      ],
    );
    const second = divided("q", "s");
    assert.deepEqual([keysOf(second.kept), keysOf(second.residuals)], [["0", "0", "q"], ["s"]]);
  });

  it("takes a split of a source without a name for one of the source that was asked", () => {
    const channelSplits = [{ lastPrimaryElement: 1n, firstResidualElement: 2n }];
    const response = create(ProcessBundleSplitResponseSchema, { channelSplits });
    const { residuals } = bundleOf({ inputs }).split(response, 0)!;
    assert.deepEqual(keysOf(residuals), ["1", "1", "2", "2"]);
  });

  it("refuses parts of an element without being told of which: it could not be done again without being done twice", () => {
    const roots = { primaryRoots: [root("p")], residualRoots: [{ application: root("r") }] };
    assert.throws(
      () => bundleOf({ inputs }).split(create(ProcessBundleSplitResponseSchema, roots), 0),
      (thrown) => thrown instanceof GirderError && thrown.code === "malformed-data",
    );
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
      bundle.leaveRoots([create(DelayedBundleApplicationSchema, { application })]);
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
      () => bundleOf().leaveRoots([create(DelayedBundleApplicationSchema, { application })]),
      (thrown) => thrown instanceof GirderError && thrown.code === "malformed-data",
    );
  });
});

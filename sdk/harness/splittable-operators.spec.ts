import assert from "node:assert/strict";
import { toBinary } from "@bufbuild/protobuf";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { StageDescriptor } from "../../portability/execution/stage.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import { PTransformSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { executableOf } from "../../runner/execution/engine-graph.js";
import { plan } from "../../runner/graph/plan.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { OffsetRange } from "../splittable/offset-range-tracker.js";
import type { AnySplittable } from "../splittable/splittable-do-fn.js";
import { create } from "../transforms/create.js";
import { splittable } from "../transforms/splittable.js";
import { Harness } from "./harness.js";
import type { Sized } from "./splittable-call.js";
import { truncateSized } from "./splittable-operators.js";

const DRAINED = "Numbers/Truncate";

const sized = (from: number, to: number): Sized => ({
  key: { key: "a", value: { key: { from, to }, value: null } },
  value: 7,
});

/** A stage that truncates restrictions of `doFn`, as a runner puts it before the one that processes them when it drains. */
function truncatingStage(doFn: AnySplittable): { pipeline: Pipeline; descriptor: StageDescriptor } {
  const pipeline = new Pipeline();
  pipeline.root.apply(create(["a"])).apply(splittable("Numbers", doFn));
  const { stages } = executableOf(plan(pipeline.toProto()));
  const { descriptor } = [...stages.values()].find(({ descriptor: { transforms } }) => transforms.includes("Numbers"))!;
  const { components, inputs } = descriptor;
  const process = components.transforms["Numbers"]!;
  const [[localName]] = Object.entries(process.inputs) as [[string, string]];
  const { pcollection } = inputs[0]!;
  const truncated = `${pcollection}.truncated`;
  const truncate = {
    ...process,
    uniqueName: DRAINED,
    spec: { ...process.spec!, urn: "beam:transform:sdf_truncate_sized_restrictions:v1" },
    outputs: { out: truncated },
  };
  assert.ok(toBinary(PTransformSchema, truncate).length > 0);
  return {
    pipeline,
    descriptor: {
      ...descriptor,
      components: {
        ...components,
        transforms: { ...components.transforms, [DRAINED]: truncate },
        pcollections: { ...components.pcollections, [truncated]: components.pcollections[pcollection]! },
      },
      transforms: [DRAINED],
      inputs: [{ pcollection, consumers: [{ transform: DRAINED, localName }] }],
      outputs: [{ pcollection: truncated, keyed: false }],
    },
  };
}

/** What is left of restrictions when they are truncated by a harness. */
async function truncated(doFn: AnySplittable, ...restrictions: readonly Sized[]): Promise<readonly unknown[]> {
  const { pipeline, descriptor } = truncatingStage(doFn);
  const windows = new WindowTable();
  const stage = await new Harness(pipeline.functions).prepare(descriptor, windows);
  const global = { all: windows.global };
  const batch = new Batch(restrictions, undefined, { all: 0 }, global, { all: NO_FIRING }, 64);
  const { outputs } = await stage.run({
    bundle: 1,
    inputs: [{ input: 0, batch }],
    timers: [],
    state: { read: () => undefined },
    sideInputs: [],
    deadline: performance.now() + 10_000,
    slice: 10_000,
    maxElements: Number.POSITIVE_INFINITY,
    maxOutputBytes: Number.POSITIVE_INFINITY,
    stop: { stopped: false },
  });
  return outputs.flatMap(({ batch: { columns } }) => [...columns.refs]);
}

const numbers: AnySplittable = {
  bounded: false,
  initialRestriction: () => ({ from: 0, to: Number.POSITIVE_INFINITY }),
  process: () => {},
};

describe("truncation of restrictions", () => {
  it("leaves bounded ones as they are and drops those without end", async () => {
    const left = await truncated(numbers, sized(0, 10), sized(5, Number.POSITIVE_INFINITY));
    assert.deepEqual(left, [sized(0, 10)]);
  });

  it("goes by what the DoFn says, where its tracker does not know", async () => {
    const newTracker = (_: unknown, range: OffsetRange) => ({
      tryClaim: () => false,
      currentRestriction: () => range,
      trySplit: () => undefined,
      checkDone: () => {},
    });
    assert.deepEqual(await truncated({ ...numbers, newTracker }, sized(0, 10)), []);
    assert.deepEqual(await truncated({ ...numbers, newTracker, bounded: true }, sized(0, 10)), [sized(0, 10)]);
  });

  it("does what the DoFn does, and sizes what is left", async () => {
    const doFn: AnySplittable = {
      ...numbers,
      truncate: (_: string, { from, to }: OffsetRange) => (from > 5 ? undefined : { from, to: Math.min(to, 8) }),
    };
    const left = await truncated(doFn, sized(0, Number.POSITIVE_INFINITY), sized(6, 7));
    assert.deepEqual(left, [{ ...sized(0, 8), value: 8 }]);
  });

  it("names the step where it fails", () => {
    const truncate = truncateSized(DRAINED, { ...numbers, truncate: () => "nothing" });
    assert.throws(() => truncate(sized(0, 1)), { code: "user-exception", where: DRAINED });
  });
});

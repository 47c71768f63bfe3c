import assert from "node:assert/strict";
import { combineFnsOf, PACKED_COMBINE_FN_URN } from "../../portability/execution/packed-combine.js";
import { plan } from "./plan.js";
import { fusedTransforms, PipelineBuilder } from "./testing.js";
import { combinePayloadOf } from "./transforms.js";

/** Two combines of one PCollection, each read by a ParDo. */
function twoCombines(capable: boolean): PipelineBuilder {
  const pipeline = new PipelineBuilder();
  const a = pipeline.parDo("a", pipeline.impulse("impulse"));
  pipeline.parDo("x", pipeline.combinePerKey("sum", a));
  pipeline.parDo("y", pipeline.combinePerKey("max", a));
  pipeline.tamper((components) => {
    if (capable) components.environments["main"]!.capabilities.push(PACKED_COMBINE_FN_URN);
  });
  return pipeline;
}

describe("packCombiners", () => {
  it("groups once for combines of one PCollection, which keep their ids and outputs", () => {
    const planned = plan(twoCombines(true).build());
    assert.equal(planned.stages.filter(({ kind }) => kind === "group-by-key").length, 1);
    const [before, after] = fusedTransforms(planned);
    assert.deepEqual(before, ["a", "Packed(sum, max)/Precombine"]);
    assert.deepEqual(after?.slice(0, 2), ["Packed(sum, max)/Merge", "Packed(sum, max)/ExtractOutputs"]);
    assert.deepEqual(after?.slice(2).sort(), ["max", "sum", "x", "y"]);
    const payload = combinePayloadOf(planned.components.transforms["Packed(sum, max)"]!);
    assert.equal(combineFnsOf(payload.combineFn!).length, 2);
  });

  it("leaves alone what an environment cannot execute packed", () => {
    const planned = plan(twoCombines(false).build());
    assert.equal(planned.stages.filter(({ kind }) => kind === "group-by-key").length, 2);
  });

  it("leaves a combine alone that has no like", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const b = pipeline.parDo("b", a);
    pipeline.parDo("x", pipeline.combinePerKey("sum", a));
    pipeline.parDo("y", pipeline.combinePerKey("max", b));
    pipeline.tamper((components) => {
      components.environments["main"]!.capabilities.push(PACKED_COMBINE_FN_URN);
    });
    assert.equal(plan(pipeline.build()).stages.filter(({ kind }) => kind === "group-by-key").length, 2);
  });
});

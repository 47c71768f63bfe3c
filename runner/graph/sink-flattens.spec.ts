import assert from "node:assert/strict";
import { plan } from "./plan.js";
import type { FlattenStage, Plan } from "./stages.js";
import { fusedTransforms, PipelineBuilder, stageOf } from "./testing.js";

function flattensOf(planned: Plan): FlattenStage[] {
  return planned.stages.filter((stage) => stage.kind === "flatten");
}

describe("sinkFlattens", () => {
  it("lets a flatten of two sources and a consumer become one stage of two inputs", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse a"));
    const b = pipeline.parDo("b", pipeline.impulse("impulse b"));
    pipeline.parDo("c", pipeline.flatten("flatten", a, b));
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [["a", "b", "flatten", "c"]]);
    assert.equal(stageOf(planned, "c").inputs.length, 2);
  });

  it("leaves it to the runner where a bundle of the environment reads one PCollection only", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse a"), { environment: "go" });
    const b = pipeline.parDo("b", pipeline.impulse("impulse b"), { environment: "go" });
    pipeline.parDo("c", pipeline.flatten("flatten", a, b), { environment: "go" });
    const planned = plan(pipeline.build());
    for (const stage of planned.stages) {
      assert.ok(stage.kind !== "executable" || stage.inputs.length === 1, stage.id);
    }
  });

  it("leaves flattens between environments to the runner", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const b = pipeline.parDo("b", pipeline.impulse("second"), { environment: "other" });
    const both = pipeline.flatten("flatten", a, b);
    pipeline.parDo("c", both);
    pipeline.parDo("d", both, { environment: "other" });
    const [flatten] = flattensOf(plan(pipeline.build()));
    assert.deepEqual(flatten?.inputs, ["a.out", "b.out"]);
  });

  it("moves a flatten of groupings to its consumers", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.groupByKey("a", pipeline.impulse("impulse a"));
    const b = pipeline.groupByKey("b", pipeline.impulse("impulse b"));
    pipeline.parDo("c", pipeline.flatten("outer", pipeline.flatten("inner", a, b), a));
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["inner", "outer", "c"]]);
  });

  it("keeps both inputs of a flatten of one PCollection with itself", () => {
    const pipeline = new PipelineBuilder();
    const grouped = pipeline.groupByKey("group", pipeline.impulse("impulse"));
    const twice = pipeline.flatten("twice", grouped, grouped);
    pipeline.parDo("c", twice);
    assert.deepEqual(stageOf(plan(pipeline.build()), "c").inputs, [
      {
        pcollection: "group.out",
        consumers: [
          { transform: "twice", localName: "in0" },
          { transform: "twice", localName: "in1" },
        ],
      },
    ]);
    pipeline.groupByKey("again", twice);
    pipeline.parDo("d", "again.out");
    assert.deepEqual(flattensOf(plan(pipeline.build()))[0]?.inputs, ["group.out", "group.out"]);
  });

  it("keeps a flatten of nothing, which is an empty PCollection", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("a", pipeline.flatten("empty"));
    assert.deepEqual(flattensOf(plan(pipeline.build()))[0]?.inputs, []);
  });
});

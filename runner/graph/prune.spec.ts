import assert from "node:assert/strict";
import { plan } from "./plan.js";
import { PipelineBuilder } from "./testing.js";

describe("prune", () => {
  it("removes what only feeds dead ends of the runner, and keeps every ParDo", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.groupByKey("group", pipeline.flatten("flatten", a, pipeline.impulse("unread")));
    const planned = plan(pipeline.build());
    assert.deepEqual(
      planned.stages.map((stage) => stage.id),
      ["impulse", "a"],
    );
    assert.deepEqual(planned.stages.at(-1)?.kind === "executable" && planned.stages.at(-1), {
      kind: "executable",
      id: "a",
      environment: "main",
      transforms: ["a"],
      inputs: [{ pcollection: "impulse.out", consumers: [{ transform: "a", localName: "in" }] }],
      outputs: [],
      sideInputs: [],
      stateful: false,
      splittable: false,
      truncating: false,
    });
  });
});

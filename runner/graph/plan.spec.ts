import assert from "node:assert/strict";
import { plan } from "./plan.js";
import { fusedTransforms, PipelineBuilder, stageOf } from "./testing.js";

describe("plan", () => {
  it("fuses a chain between impulse and grouping into one stage", () => {
    const pipeline = new PipelineBuilder();
    const lines = pipeline.parDo("read", pipeline.impulse("impulse"));
    const words = pipeline.parDo("split", lines);
    pipeline.parDo("format", pipeline.groupByKey("group", words));
    const planned = plan(pipeline.build());
    assert.deepEqual(planned.stages, [
      { kind: "impulse", id: "impulse", transform: "impulse", output: "impulse.out" },
      {
        kind: "executable",
        id: "read",
        environment: "main",
        transforms: ["read", "split"],
        inputs: [{ pcollection: "impulse.out", consumers: [{ transform: "read", localName: "in" }] }],
        outputs: ["split.out"],
        sideInputs: [],
        stateful: false,
        splittable: false,
        truncating: false,
      },
      { kind: "group-by-key", id: "group", transform: "group", input: "split.out", output: "group.out" },
      {
        kind: "executable",
        id: "format",
        environment: "main",
        transforms: ["format"],
        inputs: [{ pcollection: "group.out", consumers: [{ transform: "format", localName: "in" }] }],
        outputs: [],
        sideInputs: [],
        stateful: false,
        splittable: false,
        truncating: false,
      },
    ]);
  });

  it("plans wordcount with a lifted combine in two executable stages", () => {
    const pipeline = new PipelineBuilder();
    const words = pipeline.parDo("split", pipeline.parDo("read", pipeline.impulse("impulse")));
    pipeline.parDo("format", pipeline.combinePerKey("count", words));
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [
      ["read", "split", "count/Precombine"],
      ["count/Merge", "count/ExtractOutputs", "format"],
    ]);
  });

  it("tells an observer about every pass, each given what the one before made", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("read", pipeline.impulse("impulse"));
    const passes: string[] = [];
    let last: unknown;
    const planned = plan(pipeline.build(), undefined, (pass, before, after) => {
      assert.ok(last === undefined || before === last);
      last = after;
      passes.push(pass);
    });
    assert.equal(last, planned);
    assert.deepEqual(passes, [
      "read from impulses",
      "resolve composites",
      "pack combiners",
      "lift combiners",
      "expand splittable ParDos",
      "prune",
      "sink flattens",
      "fuse",
      "transcode test streams",
      "order",
    ]);
  });

  it("leaves the submitted pipeline as it was", () => {
    const pipeline = new PipelineBuilder();
    const words = pipeline.parDo("sdf", pipeline.impulse("impulse"), {
      payload: { restrictionCoderId: "restriction" },
    });
    pipeline.combinePerKey("count", words);
    const submitted = pipeline.build();
    const copy = structuredClone(submitted);
    plan(submitted);
    assert.deepEqual(submitted, copy);
  });

  it("takes transforms that are part of no other for roots where none are named", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("inner", pipeline.impulse("impulse"));
    pipeline.composite("outer", ["inner"]);
    const submitted = pipeline.build();
    submitted.rootTransformIds = [];
    const planned = plan(submitted);
    assert.deepEqual(planned.roots, ["impulse", "outer"]);
    assert.deepEqual(stageOf(planned, "inner").transforms, ["inner"]);
  });
});

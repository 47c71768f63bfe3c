import assert from "node:assert/strict";
import { StandardPTransforms } from "../../portability/urns.js";
import { plan } from "./plan.js";
import { leavesOf } from "./resolve-composites.js";
import { fusedTransforms, PipelineBuilder, stageOf } from "./testing.js";

const { Composites, CombineComponents, DeprecatedPrimitives } = StandardPTransforms;

function leaves(builder: PipelineBuilder): string[] {
  const { components, rootTransformIds } = builder.build();
  return leavesOf(components!, rootTransformIds);
}

describe("resolveComposites", () => {
  it("opens composites of composites, in order", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    pipeline.parDo("b", a);
    pipeline.composite("inner", ["a"]);
    pipeline.composite("outer", ["inner", "b"]);
    assert.deepEqual(leaves(pipeline), ["impulse", "a", "b"]);
  });

  it("drops transforms without subtransforms that output only what they are given", () => {
    const pipeline = new PipelineBuilder();
    const input = pipeline.impulse("impulse");
    const view = { spec: { urn: DeprecatedPrimitives.CREATE_VIEW }, inputs: { in: input }, outputs: { out: input } };
    pipeline.parDo("a", pipeline.transform("view", view));
    pipeline.transform("nothing", { outputs: {} });
    assert.deepEqual(leaves(pipeline), ["impulse", "a"]);
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["a"]]);
  });

  it("makes a border of a reshuffle, whatever is inside, and materialises a copy", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    const inside = pipeline.groupByKey("group", a);
    pipeline.composite("shuffle", ["group"], {
      spec: { urn: Composites.RESHUFFLE },
      inputs: { in: a },
      outputs: { out: inside },
    });
    pipeline.parDo("b", inside);
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [["a"], ["b"]]);
    assert.deepEqual(
      planned.stages.find((stage) => stage.kind === "flatten"),
      { kind: "flatten", id: "shuffle", transform: "shuffle", inputs: ["a.out"], output: "group.out" },
    );
    assert.deepEqual(stageOf(planned, "a").outputs, ["a.out"]);
  });

  it("takes a reshuffle by its parts that writes its elements otherwise than it reads them", () => {
    const pipeline = new PipelineBuilder();
    const grouped = pipeline.groupByKey("group", pipeline.parDo("a", pipeline.impulse("impulse")));
    const output = pipeline.parDo("ungroup", grouped);
    pipeline.composite("shuffle", ["group", "ungroup"], {
      spec: { urn: Composites.RESHUFFLE },
      inputs: { in: "a.out" },
      outputs: { out: output },
    });
    const { components, rootTransformIds } = pipeline.build();
    const leavesWith = (coderId: string): string[] => {
      components!.pcollections[output]!.coderId = coderId;
      return leavesOf(components!, rootTransformIds);
    };
    assert.deepEqual(leavesWith("bytes"), ["impulse", "a", "group", "ungroup"]);
    assert.deepEqual(leavesWith("pair"), ["impulse", "a", "shuffle"]);
    assert.deepEqual(leavesWith("restriction"), ["impulse", "a", "shuffle"], "an equal coder of another id");
  });

  it("makes a border of a reshuffle without expansion", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("b", pipeline.reshuffle("shuffle", pipeline.parDo("a", pipeline.impulse("impulse"))));
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["a"], ["b"]]);
  });

  it("takes a combine that its SDK has lifted already by its parts", () => {
    const pipeline = new PipelineBuilder();
    const input = pipeline.impulse("impulse");
    const part = (name: string, urn: string, from: string): string =>
      pipeline.transform(name, { spec: { urn }, inputs: { in: from }, environmentId: "main" });
    const precombined = part("precombine", CombineComponents.COMBINE_PER_KEY_PRECOMBINE, input);
    const grouped = pipeline.groupByKey("group", precombined);
    const merged = part("merge", CombineComponents.COMBINE_PER_KEY_MERGE_ACCUMULATORS, grouped);
    const output = part("extract", CombineComponents.COMBINE_PER_KEY_EXTRACT_OUTPUTS, merged);
    pipeline.composite("combine", ["precombine", "group", "merge", "extract"], {
      spec: { urn: Composites.COMBINE_PER_KEY, payload: new Uint8Array([1]) },
      inputs: { in: input },
      outputs: { out: output },
      environmentId: "main",
    });
    assert.deepEqual(fusedTransforms(plan(pipeline.build())), [["precombine"], ["merge", "extract"]]);
  });

  it("comes to an end for combines that contain each other", () => {
    const pipeline = new PipelineBuilder();
    const input = pipeline.impulse("impulse");
    const spec = { urn: Composites.COMBINE_PER_KEY, payload: new Uint8Array([1]) };
    for (const name of ["one", "two"]) {
      pipeline.transform(name, { spec, inputs: { in: input }, environmentId: "main" });
    }
    pipeline.tamper(({ transforms }) => {
      transforms["one"]!.subtransforms = ["two"];
      transforms["two"]!.subtransforms = ["one", "two"];
    });
    assert.deepEqual(leaves(pipeline), ["impulse", "one", "two"]);
  });
});

import assert from "node:assert/strict";
import { combineFnsOf, PACKED_COMBINE_FN_URN } from "../../portability/execution/packed-combine.js";
import { type Capabilities, inStreams, PORTABLE_CAPABILITIES } from "./capabilities.js";
import { OWN_PACKING } from "./combine-packing.js";
import { plan } from "./plan.js";
import { combinesOfPython, fusedTransforms, PipelineBuilder } from "./testing.js";
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
    assert.deepEqual(before, ["a", "Packed(sum, max)/Pack/Precombine"]);
    assert.deepEqual(after?.slice(0, 2), ["Packed(sum, max)/Pack/Merge", "Packed(sum, max)/Pack/ExtractOutputs"]);
    assert.deepEqual(after?.slice(2).sort(), ["max", "sum", "x", "y"]);
    const payload = combinePayloadOf(planned.components.transforms["Packed(sum, max)/Pack"]!);
    assert.equal(combineFnsOf(payload.combineFn!).length, 2);
  });

  it("leaves alone what an environment cannot execute packed", () => {
    const planned = plan(twoCombines(false).build());
    assert.equal(planned.stages.filter(({ kind }) => kind === "group-by-key").length, 2);
  });

  it("makes as many of them one as each of them allows", () => {
    const pipeline = new PipelineBuilder();
    const a = pipeline.parDo("a", pipeline.impulse("impulse"));
    for (const name of ["b", "c", "d", "e", "f"]) pipeline.parDo(`after ${name}`, pipeline.combinePerKey(name, a));
    pipeline.tamper((components) => {
      components.environments["main"]!.capabilities.push(PACKED_COMBINE_FN_URN);
    });
    const limits: Readonly<Record<string, number>> = { b: 3, c: 2, d: 3, e: 1, f: 2 };
    const limited = {
      ...OWN_PACKING,
      limit: (_: unknown, lineage: readonly { readonly uniqueName: string }[]) => limits[lineage[0]!.uniqueName]!,
    };
    const { components } = plan(pipeline.build(), { ...PORTABLE_CAPABILITIES, packings: [limited] });
    const packs = Object.keys(components.transforms).filter((id) => id.endsWith("/Pack"));
    assert.deepEqual(packs.sort(), ["Packed(b, d)/Pack", "Packed(c, f)/Pack"]);
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

  describe("of Python", () => {
    const groupings = (pipeline: PipelineBuilder, capabilities?: Capabilities): number =>
      plan(pipeline.build(), capabilities).stages.filter(({ kind }) => kind === "group-by-key").length;

    it("are packed where that is asked for, global ones too; the others' keys are not made", () => {
      const planned = plan(combinesOfPython("").build());
      const name = "Packed(min/CombinePerKey, max/CombinePerKey)/Pack";
      const [before, after] = fusedTransforms(planned);
      assert.deepEqual(before, ["a", "Both/min/KeyWithVoid", `${name}/Precombine`]);
      assert.deepEqual(after?.slice(0, 2), [`${name}/Merge`, `${name}/ExtractOutputs`]);
      const { combineFn, accumulatorCoderId } = combinePayloadOf(planned.components.transforms[name]!);
      assert.equal(combineFn?.urn, "beam:combinefn:pickled_python:v1");
      assert.equal(planned.components.coders[accumulatorCoderId]?.spec?.urn, "beam:coder:tuple:v1");
      const unpacking = planned.components.transforms["Both/max/CombinePerKey"]!;
      assert.equal(unpacking.spec?.urn, "beam:transform:pardo:v1");
    });

    it("are not where it is not, nor in streaming jobs, as the SDK's own optimiser has it", () => {
      assert.equal(groupings(combinesOfPython("")), 1);
      assert.equal(groupings(combinesOfPython("2")), 1);
      assert.equal(groupings(combinesOfPython("1")), 2);
      assert.equal(groupings(combinesOfPython()), 2);
      assert.equal(groupings(combinesOfPython(""), inStreams(PORTABLE_CAPABILITIES)), 2);
    });
  });
});

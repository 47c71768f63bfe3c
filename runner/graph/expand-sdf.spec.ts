import assert from "node:assert/strict";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import { plan } from "./plan.js";
import { fusedTransforms, PipelineBuilder, stageOf } from "./testing.js";

const { SplittableParDoComponents } = StandardPTransforms;
const SPLITTABLE = { payload: { restrictionCoderId: "restriction" } };

describe("expandSdf", () => {
  it("pairs and splits with the producer, and processes in a splittable stage under the ParDo's own id", () => {
    const pipeline = new PipelineBuilder();
    const files = pipeline.parDo("files", pipeline.impulse("impulse"));
    pipeline.parDo("lines", pipeline.parDo("read", files, SPLITTABLE));
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [
      ["files", "read/PairWithRestriction", "read/SplitAndSizeRestrictions"],
      ["read", "lines"],
    ]);
    const process = stageOf(planned, "read");
    assert.ok(process.splittable);
    assert.deepEqual(process.inputs, [
      { pcollection: "read/Sized", consumers: [{ transform: "read", localName: "in" }] },
    ]);
    const { spec, uniqueName } = planned.components.transforms["read"]!;
    assert.equal(spec!.urn, SplittableParDoComponents.PROCESS_SIZED_ELEMENTS_AND_RESTRICTIONS);
    assert.equal(uniqueName, "read");
  });

  it("codes sized parts as pairs of (element and restriction) and double", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("read", pipeline.impulse("impulse"), SPLITTABLE);
    const { components } = plan(pipeline.build());
    const coderOf = (pcollection: string) => components.coders[components.pcollections[pcollection]!.coderId]!;
    assert.deepEqual(coderOf("read/WithRestriction").componentCoderIds, ["pair", "restriction"]);
    const [paired, size] = coderOf("read/Sized").componentCoderIds;
    assert.equal(paired, components.pcollections["read/WithRestriction"]!.coderId);
    assert.equal(components.coders[size!]!.spec!.urn, StandardCoders.Enum.DOUBLE);
  });

  it("lets parts be truncated between, where the SDK does that", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("read", pipeline.impulse("impulse"), SPLITTABLE);
    pipeline.tamper(({ environments }) => {
      environments["main"]!.capabilities.push(SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION);
    });
    const planned = plan(pipeline.build());
    assert.deepEqual(fusedTransforms(planned), [
      ["read/PairWithRestriction", "read/SplitAndSizeRestrictions"],
      ["read/TruncateSizedRestrictions"],
      ["read"],
    ]);
    assert.ok(stageOf(planned, "read/TruncateSizedRestrictions").truncating);
    assert.ok(!stageOf(planned, "read").truncating);
    const { coderId } = planned.components.pcollections["read/Sized"]!;
    assert.equal(planned.components.pcollections["read/Truncated"]!.coderId, coderId);
  });

  it("hands the side inputs to all three parts", () => {
    const pipeline = new PipelineBuilder();
    const side = pipeline.impulse("side");
    pipeline.parDo("read", pipeline.impulse("impulse"), { ...SPLITTABLE, sideInputs: { side } });
    const planned = plan(pipeline.build());
    assert.deepEqual(
      planned.stages.flatMap((stage) =>
        stage.kind === "executable" ? stage.sideInputs.map((it) => it.transform) : [],
      ),
      ["read/PairWithRestriction", "read/SplitAndSizeRestrictions", "read"],
    );
  });

  it("puts the new parts beside the ParDo in its composite", () => {
    const pipeline = new PipelineBuilder();
    pipeline.parDo("read", pipeline.impulse("impulse"), SPLITTABLE);
    pipeline.composite("source", ["read"]);
    assert.deepEqual(plan(pipeline.build()).components.transforms["source"]!.subtransforms, [
      "read/PairWithRestriction",
      "read/SplitAndSizeRestrictions",
      "read",
    ]);
  });
});

import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  OutputTime_Enum,
  TriggerSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  FixedWindowsPayload,
  GlobalWindowsPayload,
  SessionWindowsPayload,
  StandardPTransforms,
} from "../../portability/urns.js";
import { DEFAULT_CAPABILITIES } from "./capabilities.js";
import { canLift } from "./lift-combiners.js";
import { plan } from "./plan.js";
import { fusedTransforms, PipelineBuilder } from "./testing.js";

const ANY_TRIGGER = { ...DEFAULT_CAPABILITIES, triggerFault: () => undefined };
const ELEMENT_COUNT = { trigger: { case: "elementCount" as const, value: { elementCount: 3 } } };
const DEFAULT = { trigger: { case: "default" as const, value: {} } };

/** A combine behind a ParDo, whose input has the given trigger. */
function combineWith(trigger: typeof ELEMENT_COUNT | typeof DEFAULT): PipelineBuilder {
  const pipeline = new PipelineBuilder();
  pipeline.windowing("triggered", { windowFn: { urn: GlobalWindowsPayload.Enum.PROPERTIES }, trigger });
  const a = pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "triggered" });
  pipeline.parDo("b", pipeline.combinePerKey("combine", a));
  return pipeline;
}

describe("liftCombiners", () => {
  it("combines before grouping, in the CombineFn's accumulator coder", () => {
    const { components } = plan(combineWith(DEFAULT).build());
    const coderOf = (pcollection: string): string[] =>
      components.coders[components.pcollections[pcollection]!.coderId]!.componentCoderIds;
    assert.deepEqual(coderOf("combine/Precombined"), ["bytes", "accumulator"]);
    assert.deepEqual(coderOf("combine/Merged"), ["bytes", "accumulator"]);
    const [key, iterable] = coderOf("combine/Grouped");
    assert.equal(key, "bytes");
    assert.deepEqual(components.coders[iterable!]!.componentCoderIds, ["accumulator"]);
    const { uniqueName, spec, environmentId } = components.transforms["combine/Precombine"]!;
    assert.equal(uniqueName, "combine/Precombine");
    assert.equal(spec!.urn, StandardPTransforms.CombineComponents.COMBINE_PER_KEY_PRECOMBINE);
    assert.deepEqual(spec!.payload, components.transforms["combine"]!.spec!.payload);
    assert.equal(environmentId, "main");
    assert.equal(components.pcollections["combine/Grouped"]!.windowingStrategyId, "triggered");
  });

  it("groups first where the trigger counts elements, and says so", () => {
    const planned = plan(combineWith(ELEMENT_COUNT).build(), ANY_TRIGGER);
    assert.deepEqual(fusedTransforms(planned), [["a"], ["combine/Combine", "b"]]);
    assert.deepEqual(planned.notes, ["combine combines after grouping: its trigger must see every value."]);
  });

  it("takes the expansion of a combine that it does not lift", () => {
    const pipeline = combineWith(ELEMENT_COUNT);
    const grouped = pipeline.groupByKey("group", "a.out");
    pipeline.parDo("values", grouped);
    pipeline.tamper((components) => {
      components.transforms["combine"]!.subtransforms = ["group", "values"];
      components.transforms["values"]!.outputs["out"] = "combine.out";
    });
    const submitted = pipeline.build();
    submitted.rootTransformIds = ["impulse", "a", "combine", "b"];
    assert.deepEqual(fusedTransforms(plan(submitted, ANY_TRIGGER)), [["a"], ["values", "b"]]);
  });

  it("does not take an expansion that cannot run", () => {
    const pipeline = combineWith(ELEMENT_COUNT);
    pipeline.groupByKey("group", "a.out");
    pipeline.tamper((components) => {
      components.transforms["combine"]!.subtransforms = ["group"];
      components.transforms["group"]!.inputs = {};
    });
    const submitted = pipeline.build();
    submitted.rootTransformIds = ["impulse", "a", "combine", "b"];
    assert.deepEqual(fusedTransforms(plan(submitted, ANY_TRIGGER)), [["a"], ["combine/Combine", "b"]]);
  });

  it("lifts in merging windows", () => {
    const pipeline = new PipelineBuilder();
    pipeline.windowing("sessions", { windowFn: { urn: SessionWindowsPayload.Enum.PROPERTIES } });
    pipeline.combinePerKey("combine", pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "sessions" }));
    assert.deepEqual(fusedTransforms(plan(pipeline.build()))[0], ["a", "combine/Precombine"]);
  });

  it("groups first where late values must not move the time of a pane: in streams, with the earliest value's time", () => {
    const stages = (isUnbounded: boolean, outputTime: OutputTime_Enum): string[][] => {
      const pipeline = new PipelineBuilder();
      if (isUnbounded) pipeline.unbounded();
      const windowFn = { urn: FixedWindowsPayload.Enum.PROPERTIES };
      pipeline.windowing("timed", { windowFn, trigger: DEFAULT, outputTime });
      pipeline.combinePerKey("combine", pipeline.parDo("a", pipeline.impulse("impulse"), { windowing: "timed" }));
      return fusedTransforms(plan(pipeline.build()));
    };
    const { EARLIEST_IN_PANE, LATEST_IN_PANE, END_OF_WINDOW } = OutputTime_Enum;
    assert.deepEqual(stages(true, EARLIEST_IN_PANE), [["a"], ["combine/Combine"]]);
    const lifted = [
      ["a", "combine/Precombine"],
      ["combine/Merge", "combine/ExtractOutputs"],
    ];
    assert.deepEqual(stages(false, EARLIEST_IN_PANE), lifted);
    assert.deepEqual(stages(true, LATEST_IN_PANE), lifted);
    assert.deepEqual(stages(true, END_OF_WINDOW), lifted);
  });

  it("finds counting and constant firing inside any other trigger", () => {
    const always = { trigger: { case: "always" as const, value: {} } };
    const lifts = (trigger: Parameters<typeof create<typeof TriggerSchema>>[1]): boolean =>
      canLift(create(TriggerSchema, trigger));
    assert.ok(lifts(DEFAULT));
    assert.ok(lifts({ trigger: { case: "afterProcessingTime", value: {} } }));
    assert.ok(lifts({ trigger: { case: "repeat", value: { subtrigger: DEFAULT } } }));
    assert.ok(!lifts({ trigger: { case: "repeat", value: { subtrigger: ELEMENT_COUNT } } }));
    assert.ok(!lifts({ trigger: { case: "afterEndOfWindow", value: { lateFirings: always } } }));
    assert.ok(!lifts({ trigger: { case: "afterAny", value: { subtriggers: [DEFAULT, ELEMENT_COUNT] } } }));
    assert.ok(!lifts({ trigger: { case: "orFinally", value: { main: DEFAULT, finally: always } } }));
  });
});

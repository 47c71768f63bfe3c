import assert from "node:assert/strict";
import fc from "fast-check";
import { IsBounded_Enum } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { leavesOf } from "./resolve-composites.js";
import { type InputSlot, mainInputsOf, outputsOf, type Plan, sideInputsOf, transformsOf } from "./stages.js";
import { PipelineBuilder } from "./testing.js";
import { mainInputs, roleOf, sideInputs } from "./transforms.js";

/** One transform of a random pipeline: its kind, which earlier PCollections it reads, where, and whether unbounded. */
export interface Step {
  readonly kind: "impulse" | "parDo" | "side" | "flatten" | "group" | "combine" | "reshuffle" | "sdf";
  readonly first: number;
  readonly second: number;
  readonly third: number;
  readonly environment: "main" | "other" | "go";
  readonly unbounded: boolean;
}

/** Test data: random steps, read by {@link randomPipeline}. */
export const STEP: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    "impulse",
    "impulse",
    "parDo",
    "parDo",
    "side",
    "side",
    "flatten",
    "group",
    "combine",
    "reshuffle",
    "sdf",
  ),
  first: fc.nat(1000),
  second: fc.nat(1000),
  third: fc.nat(1000),
  environment: fc.constantFrom("main", "main", "main", "other", "go"),
  unbounded: fc.boolean(),
});

/** A pipeline of random shape: every step reads what earlier ones wrote. */
export function randomPipeline(steps: readonly Step[]): PipelineBuilder {
  const pipeline = new PipelineBuilder();
  const written = [pipeline.impulse("impulse")];
  steps.forEach(({ kind, first, second, third, environment, unbounded }, index) => {
    const name = `${kind}${index}`;
    // Late picks make chains, early ones make branches.
    const pick = (number: number): string => written[Math.max(0, written.length - 1 - (number % 10))]!;
    if (unbounded && index > steps.length / 4) {
      pipeline.unbounded();
    }
    switch (kind) {
      case "impulse":
        written.push(pipeline.impulse(name));
        break;
      case "parDo":
        written.push(pipeline.parDo(name, pick(first), { environment, outputs: ["out", "more"] }), `${name}.more`);
        break;
      case "side":
        written.push(pipeline.parDo(name, pick(first), { environment, sideInputs: { side: pick(second) } }));
        break;
      case "flatten":
        written.push(pipeline.flatten(name, pick(first), pick(second), pick(third)));
        break;
      case "group":
        written.push(pipeline.groupByKey(name, pick(first)));
        break;
      case "combine":
        written.push(pipeline.combinePerKey(name, pick(first)));
        break;
      case "reshuffle":
        written.push(pipeline.reshuffle(name, pick(first)));
        break;
      case "sdf":
        written.push(
          pipeline.parDo(name, pick(first), { environment, payload: { restrictionCoderId: "restriction" } }),
        );
        break;
    }
  });
  return pipeline;
}

/** Asserts what holds for every finished plan. */
export function checkPlan(plan: Plan): void {
  const { components } = plan;
  const stageOf = new Map<string, number>();
  const writer = new Map<string, number>();
  const read = new Set<string>();
  plan.stages.forEach((stage, index) => {
    for (const input of [...mainInputsOf(stage), ...sideInputsOf(stage)]) {
      read.add(input);
      assert.ok((writer.get(input) ?? index) < index, `${stage.id} reads ${input} before it is written`);
    }
    for (const id of transformsOf(stage)) {
      assert.ok(!stageOf.has(id), `${id} is in two stages`);
      stageOf.set(id, index);
    }
    for (const output of outputsOf(stage)) {
      writer.set(output, index);
    }
  });
  for (const id of leavesOf(components, plan.roots)) {
    const isAuthors = roleOf(components.transforms[id]!) === "environment";
    assert.ok(!isAuthors || stageOf.has(id), `${id} is in no stage`);
  }
  for (const output of writer.keys()) {
    assert.ok(read.has(output), `${output} is materialised and not read`);
  }
  for (const stage of plan.stages) {
    if (stage.kind !== "executable") {
      continue;
    }
    const entering = new Map(stage.inputs.map((input) => [input.pcollection, new Set([input.pcollection])]));
    // Of each PCollection inside: the PCollections outside that it waits for.
    const waits = new Map<string, Set<string>>(entering);
    for (const id of stage.transforms) {
      const transform = components.transforms[id]!;
      assert.ok(roleOf(transform) === "flatten" || transform.environmentId === stage.environment);
      const dependsOn = new Set<string>();
      for (const [localName, pcollection] of mainInputs(transform)) {
        assert.ok(waits.has(pcollection), `${id} reads ${pcollection}, which is not in its stage`);
        for (const outside of waits.get(pcollection)!) {
          dependsOn.add(outside);
        }
        const consumers: readonly InputSlot[] =
          stage.inputs.find((input) => input.pcollection === pcollection)?.consumers ?? [];
        const isEntering = entering.has(pcollection);
        assert.equal(
          consumers.some((it) => it.transform === id && it.localName === localName),
          isEntering,
        );
      }
      for (const [localName, pcollection] of sideInputs(transform)) {
        assert.ok(stage.sideInputs.some((it) => it.transform === id && it.localName === localName));
        dependsOn.add(pcollection);
      }
      for (const output of Object.values(transform.outputs)) {
        waits.set(output, dependsOn);
      }
    }
    const isUnbounded = (id: string): boolean => components.pcollections[id]!.isBounded !== IsBounded_Enum.BOUNDED;
    const held = [...mainInputsOf(stage), ...sideInputsOf(stage)].filter(isUnbounded);
    for (const output of stage.outputs) {
      for (const pcollection of held) {
        assert.ok(waits.get(output)!.has(pcollection), `${output} waits for ${pcollection} without need`);
      }
    }
    if (stage.stateful || stage.splittable || stage.truncating || stage.environment === "go") {
      assert.equal(stage.inputs.length, 1, `${stage.id} must have one input`);
    }
  }
}

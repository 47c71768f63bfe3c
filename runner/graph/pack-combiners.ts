import { create, toBinary } from "@bufbuild/protobuf";
import { TUPLE_URN } from "../../portability/coders/tuple-coder.js";
import { PACKED_COMBINE_FN_URN, packedCombineFn, unpackSpec } from "../../portability/execution/packed-combine.js";
import {
  CombinePayloadSchema,
  type Components,
  PCollectionSchema,
  type PTransform,
  PTransformSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import { ComponentAdditions } from "./component-additions.js";
import { obstacleToLifting } from "./lift-combiners.js";
import { stageOfTransform } from "./stage-of-transform.js";
import type { Plan, PlanStage } from "./stages.js";
import { combinePayloadOf, roleOf } from "./transforms.js";

/**
 * Makes one combine of those that combine the same PCollection in one environment, if the environment can: their values
 * are grouped once instead of once for each.
 *
 * ```
 * before   a -> CombinePerKey(sum) -> b          after   a -> Packed(…) -> t -> CombinePerKey(sum) -> b
 *          a -> CombinePerKey(max) -> c                                    t -> CombinePerKey(max) -> c
 * ```
 *
 * Each transform keeps its id and its output; it takes its part out of the packed combine's.
 */
export function packCombiners(plan: Plan): Plan {
  const additions = new ComponentAdditions(plan.components);
  const packedBefore = new Map<string, string>();
  for (const ids of siblings(plan)) packedBefore.set(ids[0]!, pack(ids, plan.components, additions));
  if (packedBefore.size === 0) return plan;
  const components = additions.applied();
  const stages = plan.stages.flatMap((stage): PlanStage[] => {
    if (roleOf(plan.components.transforms[stage.id]!) !== "combine") return [stage];
    const packed = packedBefore.get(stage.id);
    const own = stageOfTransform(components, stage.id);
    return packed === undefined ? [own] : [stageOfTransform(components, packed), own];
  });
  return { ...plan, components, stages, roots: [...plan.roots, ...packedBefore.values()] };
}

/** Ids of the combines that can be packed, two or more together. */
function siblings({ components, stages }: Plan): string[][] {
  const groups = new Map<string, string[]>();
  for (const { id } of stages) {
    const transform = components.transforms[id]!;
    if (roleOf(transform) !== "combine") continue;
    const { environmentId } = transform;
    if (!components.environments[environmentId]?.capabilities.includes(PACKED_COMBINE_FN_URN)) continue;
    const input = Object.values(transform.inputs)[0]!;
    if (obstacleToLifting(components, components.pcollections[input]!) !== undefined) continue;
    const key = JSON.stringify([input, environmentId]);
    groups.set(key, [...(groups.get(key) ?? []), id]);
  }
  return [...groups.values()].filter((ids) => ids.length > 1);
}

/** Adds the packed combine, makes each of the others take its part of it, and returns the packed combine's id. */
function pack(ids: readonly string[], components: Components, additions: ComponentAdditions): string {
  const transforms = ids.map((id) => components.transforms[id]!);
  const [first] = transforms as [PTransform];
  const inputId = Object.values(first.inputs)[0]!;
  const input = components.pcollections[inputId]!;
  const payloads = transforms.map(combinePayloadOf);
  const name = `Packed(${transforms.map(({ uniqueName }) => uniqueName.split("/").at(-1)).join(", ")})`;
  const outputs = transforms.map((transform) => Object.values(transform.outputs)[0]!);
  const partsOf = (pcollection: string): string[] =>
    components.coders[components.pcollections[pcollection]!.coderId]!.componentCoderIds;
  const [keyCoder] = partsOf(outputs[0]!) as [string];
  const tuple = (title: string, parts: string[]): string => additions.coder(`${name}/${title}`, TUPLE_URN, parts);
  const results = tuple(
    "Outputs",
    outputs.map((output) => partsOf(output)[1]!),
  );
  const packedOutput = additions.pcollection(
    `${name}.out`,
    create(PCollectionSchema, {
      uniqueName: `${name}.out`,
      coderId: additions.coder(`${name}/Output`, StandardCoders.Enum.KV, [keyCoder, results]),
      isBounded: input.isBounded,
      windowingStrategyId: components.pcollections[outputs[0]!]!.windowingStrategyId,
    }),
  );
  const payload = create(CombinePayloadSchema, {
    combineFn: packedCombineFn(payloads.map(({ combineFn }) => combineFn!)),
    accumulatorCoderId: tuple(
      "Accumulators",
      payloads.map(({ accumulatorCoderId }) => accumulatorCoderId),
    ),
  });
  const { environmentId } = first;
  for (const [at, transform] of transforms.entries()) {
    additions.replaceTransform(ids[at]!, {
      ...transform,
      spec: unpackSpec(at),
      subtransforms: [],
      inputs: { in: packedOutput },
      environmentId,
    });
  }
  return additions.transform(
    name,
    create(PTransformSchema, {
      uniqueName: name,
      spec: {
        urn: StandardPTransforms.Composites.COMBINE_PER_KEY,
        payload: toBinary(CombinePayloadSchema, payload),
      },
      inputs: { in: inputId },
      outputs: { out: packedOutput },
      environmentId,
    }),
  );
}

import { create, toBinary } from "@bufbuild/protobuf";
import {
  CombinePayloadSchema,
  type Components,
  PCollectionSchema,
  type PTransform,
  PTransformSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import type { Capabilities } from "./capabilities.js";
import type { CombinePacking } from "./combine-packing.js";
import { ComponentAdditions } from "./component-additions.js";
import { obstacleToLifting } from "./lift-combiners.js";
import { stageOfTransform } from "./stage-of-transform.js";
import type { Plan, PlanStage } from "./stages.js";
import { combinePayloadOf, roleOf } from "./transforms.js";

/** Combines that become one. */
interface Siblings {
  readonly packing: CombinePacking;
  /** Two or more. */
  readonly ids: readonly string[];
  /** What gives keys to the inputs of all but the first, where the elements had none: not needed any more. */
  readonly keying: readonly string[];
}

/** A combine that may become part of one. */
interface Candidate {
  readonly packing: CombinePacking;
  readonly id: string;
  readonly limit: number;
  /** What gives keys to its input, where the elements had none. */
  readonly keying: readonly string[];
}

/**
 * Makes one combine of those that combine the same PCollection in one environment, if the environment can: their values
 * are grouped once instead of once for each.
 *
 * ```
 * before   a -> CombinePerKey(sum) -> b          after   a -> Packed(…)/Pack -> t -> CombinePerKey(sum) -> b
 *          a -> CombinePerKey(max) -> c                                         t -> CombinePerKey(max) -> c
 * ```
 *
 * Each transform keeps its id and its output; it takes its part out of the packed combine's.
 */
export function packCombiners(plan: Plan, { packings }: Capabilities): Plan {
  const additions = new ComponentAdditions(plan.components);
  const packedBefore = new Map<string, string>();
  const keying = new Set<string>();
  for (const siblings of siblingsIn(plan, packings)) {
    packedBefore.set(siblings.ids[0]!, pack(siblings, plan.components, additions));
    for (const id of siblings.keying) keying.add(id);
  }
  if (packedBefore.size === 0) return plan;
  const components = additions.applied();
  const isNew = (id: string): boolean => components.transforms[id] !== plan.components.transforms[id];
  const stages = plan.stages.flatMap((stage): PlanStage[] => {
    if (!isNew(stage.id)) return [stage];
    const packed = packedBefore.get(stage.id);
    const own = stageOfTransform(components, stage.id);
    return packed === undefined ? [own] : [stageOfTransform(components, packed), own];
  });
  const read = new Set(stages.flatMap(({ id }) => Object.values(components.transforms[id]!.inputs)));
  const isNeeded = (id: string): boolean =>
    !keying.has(id) || Object.values(components.transforms[id]!.outputs).some((output) => read.has(output));
  return {
    ...plan,
    components,
    stages: stages.filter(({ id }) => isNeeded(id)),
    roots: [...plan.roots, ...packedBefore.values()],
  };
}

/** The combines that can be packed together. */
function siblingsIn({ components, stages }: Plan, packings: readonly CombinePacking[]): Siblings[] {
  const producers = new Map(
    stages.flatMap(({ id }) => {
      return Object.values(components.transforms[id]!.outputs).map((output) => [output, id] as const);
    }),
  );
  const parents = new Map(
    Object.entries(components.transforms).flatMap(([parent, { subtransforms }]) =>
      subtransforms.map((id) => [id, parent] as const),
    ),
  );
  const lineageOf = (id: string): PTransform[] => {
    const lineage = new Set<string>();
    // Composites that nothing runs may contain each other.
    for (let at: string | undefined = id; at !== undefined && !lineage.has(at); at = parents.get(at)) lineage.add(at);
    return Array.from(lineage, (each) => components.transforms[each]!);
  };
  const groups = new Map<string, Candidate[]>();
  for (const { id } of stages) {
    const transform = components.transforms[id]!;
    if (roleOf(transform) !== "combine") continue;
    const { environmentId } = transform;
    const capabilities = components.environments[environmentId]?.capabilities;
    const packing = packings.find(({ capability }) => capabilities?.includes(capability));
    if (packing === undefined) continue;
    const limit = packing.limit(combinePayloadOf(transform).combineFn!, lineageOf(id));
    const input = Object.values(transform.inputs)[0]!;
    const ends = [input, Object.values(transform.outputs)[0]!];
    if (limit < 2 || obstacleToLifting(components, components.pcollections[input]!) !== undefined) continue;
    if (!ends.every((pcollection) => isPairs(components, pcollection))) continue;
    const producer = producers.get(input);
    const keyed = producer === undefined ? undefined : packing.keyed(components.transforms[producer]!);
    const key = JSON.stringify([keyed === undefined ? { input } : { keyed }, environmentId]);
    const keying = keyed === undefined ? [] : [producer!];
    const candidate = { packing, id, limit, keying };
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [candidate]);
    else group.push(candidate);
  }
  return [...groups.values()].flatMap(cutToLimits);
}

/** Those with the lowest limits come together, for the first of a group is what limits it. */
function cutToLimits(candidates: readonly Candidate[]): Siblings[] {
  const siblings: Siblings[] = [];
  const rest = candidates.toSorted((a, b) => a.limit - b.limit);
  while (rest.length > 1) {
    const group = rest.splice(0, rest[0]!.limit);
    const [{ packing }, ...others] = group as [Candidate, ...Candidate[]];
    if (others.length > 0) {
      siblings.push({ packing, ids: group.map(({ id }) => id), keying: others.flatMap(({ keying }) => keying) });
    }
  }
  return siblings;
}

/** Whether the runner sees that its elements are pairs: an SDK may have a coder of its own for all of an element. */
function isPairs(components: Components, pcollection: string): boolean {
  return components.coders[components.pcollections[pcollection]!.coderId]?.spec?.urn === StandardCoders.Enum.KV;
}

/** Names of transforms without the names of the composites that all of them are in. */
function namesWithin(names: readonly string[]): string[] {
  const paths = names.map((name) => name.split("/"));
  const [first] = paths as [string[]];
  let shared = 0;
  while (paths.every((path) => shared < path.length - 1 && path[shared] === first[shared])) shared++;
  return paths.map((path) => path.slice(shared).join("/"));
}

/** Adds the packed combine, makes each of the others take its part of it, and returns the packed combine's id. */
function pack({ packing, ids }: Siblings, components: Components, additions: ComponentAdditions): string {
  const transforms = ids.map((id) => components.transforms[id]!);
  const [first] = transforms as [PTransform];
  const inputId = Object.values(first.inputs)[0]!;
  const input = components.pcollections[inputId]!;
  const payloads = transforms.map(combinePayloadOf);
  const name = `Packed(${namesWithin(transforms.map(({ uniqueName }) => uniqueName)).join(", ")})/Pack`;
  const outputs = transforms.map((transform) => Object.values(transform.outputs)[0]!);
  const partsOf = (pcollection: string): string[] =>
    components.coders[components.pcollections[pcollection]!.coderId]!.componentCoderIds;
  const [keyCoder] = partsOf(outputs[0]!) as [string];
  const tuple = (title: string, parts: string[]): string =>
    additions.coder(`${name}/${title}`, packing.tupleCoder, parts);
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
    combineFn: packing.combineFn(payloads.map(({ combineFn }) => combineFn!)),
    accumulatorCoderId: tuple(
      "Accumulators",
      payloads.map(({ accumulatorCoderId }) => accumulatorCoderId),
    ),
  });
  const { environmentId } = first;
  for (const [at, transform] of transforms.entries()) {
    additions.replaceTransform(ids[at]!, {
      ...transform,
      spec: packing.unpack(at),
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

import { create } from "@bufbuild/protobuf";
import {
  type Components,
  IsBounded_Enum,
  OutputTime_Enum,
  type PCollection,
  type PTransform,
  PTransformSchema,
  type Trigger,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders, StandardPTransforms } from "../../portability/urns.js";
import type { Capabilities } from "./capabilities.js";
import { ComponentAdditions } from "./component-additions.js";
import { leavesOf } from "./resolve-composites.js";
import { retractablePCollections } from "./retractable.js";
import { stageOfTransform } from "./stage-of-transform.js";
import type { Plan, PlanStage } from "./stages.js";
import { combinePayloadOf, roleOf, urnOf } from "./transforms.js";
import { structureFaults } from "./validate-structure.js";

const { CombineComponents, Primitives } = StandardPTransforms;

/**
 * Rewrites each `combine_per_key` so that values are combined before they are grouped:
 * precombine → group by key → merge accumulators → extract outputs. What crosses the grouping shrinks from one element
 * a value to one accumulator a key, window and bundle.
 *
 * Where every single value must be seen (`obstacleToLifting`), or values may be taken back again, the combine is grouped
 * first and combined after.
 */
export function liftCombiners(plan: Plan, capabilities: Capabilities): Plan {
  const additions = new ComponentAdditions(plan.components);
  const notes = [...plan.notes];
  const retractable = retractablePCollections(
    plan.components,
    plan.stages.map(({ id }) => id),
  );
  const combines = plan.stages
    .filter(({ id }) => roleOf(plan.components.transforms[id]!) === "combine")
    .map(({ id }) => {
      const transform = plan.components.transforms[id]!;
      const { inputId, input } = combineEnds(plan.components, transform);
      const obstacle = retractable.has(inputId)
        ? "of its values some are taken back"
        : obstacleToLifting(plan.components, input);
      return { id, transform, obstacle };
    });
  const expansions = soundExpansions(
    plan,
    combines.filter(({ obstacle }) => obstacle !== undefined),
    capabilities,
  );
  // Ids of the transforms that take a combine's place; stages need the finished components.
  const replacements = new Map<string, readonly string[]>();
  for (const { id, transform, obstacle } of combines) {
    if (obstacle === undefined) {
      replacements.set(id, lift(id, transform, plan.components, additions));
      continue;
    }
    notes.push(`${transform.uniqueName} combines after grouping: ${obstacle}.`);
    replacements.set(id, expansions.get(id) ?? groupThenCombine(id, transform, plan.components, additions));
  }
  const components = additions.applied();
  const stages = plan.stages.flatMap(
    (stage): readonly PlanStage[] =>
      replacements.get(stage.id)?.map((id) => stageOfTransform(components, id)) ?? [stage],
  );
  return { ...plan, components, stages, notes };
}

/**
 * What combines consist of in the words of their SDK, by the combine's id: Go's workers do not know combines of grouped
 * values. Empty where an expansion is none that can run: validation does not look into composites that may be replaced.
 */
function soundExpansions(
  { components, stages }: Plan,
  combines: readonly { readonly id: string; readonly transform: PTransform }[],
  capabilities: Capabilities,
): ReadonlyMap<string, readonly string[]> {
  const expansions = new Map<string, readonly string[]>();
  for (const { id, transform } of combines) {
    const leaves = leavesOf(components, transform.subtransforms);
    const runs = leaves.every((leaf) => capabilities.transforms.has(urnOf(components.transforms[leaf]!)));
    if (leaves.length > 0 && runs) expansions.set(id, leaves);
  }
  if (expansions.size === 0) return expansions;
  const leaves = stages.flatMap(({ id }) => expansions.get(id) ?? [id]);
  return structureFaults(components, [], leaves).length === 0 ? expansions : new Map();
}

/**
 * Why values of a PCollection must not be combined before they are grouped; undefined if they may be.
 *
 * One reason is the time of panes that have that of their earliest element. Elements behind the watermark have no part in it, but
 * what they are precombined with has the time of the earliest of all, and counts as behind the watermark as a whole. While the
 * input is bounded the watermark stays at the beginning.
 */
export function obstacleToLifting(components: Components, input: PCollection): string | undefined {
  const strategy = components.windowingStrategies[input.windowingStrategyId];
  if (!canLift(strategy?.trigger)) return "its trigger must see every value";
  const isEarliest = strategy?.outputTime === OutputTime_Enum.EARLIEST_IN_PANE;
  return isEarliest && input.isBounded === IsBounded_Enum.UNBOUNDED
    ? "its panes have the time of the earliest value that is not late"
    : undefined;
}

/**
 * False of triggers that count elements, or fire at each, anywhere inside: precombined values arrive as fewer elements.
 * Merging windows are no obstacle: accumulators merge as values do.
 */
export function canLift(trigger: Trigger | undefined): boolean {
  const kind = trigger?.trigger;
  switch (kind?.case) {
    case "elementCount":
    case "always":
      return false;
    case "afterAll":
    case "afterAny":
    case "afterEach":
      return kind.value.subtriggers.every(canLift);
    case "afterEndOfWindow":
      return canLift(kind.value.earlyFirings) && canLift(kind.value.lateFirings);
    case "orFinally":
      return canLift(kind.value.main) && canLift(kind.value.finally);
    case "repeat":
      return canLift(kind.value.subtrigger);
    default:
      return true;
  }
}

function combineEnds(components: Components, transform: PTransform) {
  const inputId = Object.values(transform.inputs)[0]!;
  const input = components.pcollections[inputId]!;
  const [keyCoder, valueCoder] = components.coders[input.coderId]!.componentCoderIds as [string, string];
  const output = Object.values(transform.outputs)[0]!;
  return { inputId, input, keyCoder, valueCoder, output };
}

function lift(id: string, transform: PTransform, components: Components, additions: ComponentAdditions): string[] {
  const { inputId, input, keyCoder, output } = combineEnds(components, transform);
  const accumulatorCoder = combinePayloadOf(transform).accumulatorCoderId;
  const pairs = additions.coder(`${id}/Accumulators`, StandardCoders.Enum.KV, [keyCoder, accumulatorCoder]);
  const iterable = additions.coder(`${id}/Iterable`, StandardCoders.Enum.ITERABLE, [accumulatorCoder]);
  const groups = additions.coder(`${id}/Grouped`, StandardCoders.Enum.KV, [keyCoder, iterable]);
  const between = (name: string, coderId: string): string => additions.between(id, transform, input, name, coderId);
  const precombined = between("Precombined", pairs);
  const grouped = between("Grouped", groups);
  const merged = between("Merged", pairs);
  const part = (name: string, urn: string, from: string, to: string): string =>
    additions.transform(`${id}/${name}`, partOf(transform, name, urn, from, to));
  const parts = [
    part("Precombine", CombineComponents.COMBINE_PER_KEY_PRECOMBINE, inputId, precombined),
    part("Group", Primitives.GROUP_BY_KEY, precombined, grouped),
    part("Merge", CombineComponents.COMBINE_PER_KEY_MERGE_ACCUMULATORS, grouped, merged),
    part("ExtractOutputs", CombineComponents.COMBINE_PER_KEY_EXTRACT_OUTPUTS, merged, output),
  ];
  additions.replaceTransform(id, { ...transform, subtransforms: parts });
  return parts;
}

function groupThenCombine(
  id: string,
  transform: PTransform,
  components: Components,
  additions: ComponentAdditions,
): string[] {
  const { inputId, input, keyCoder, valueCoder, output } = combineEnds(components, transform);
  const iterable = additions.coder(`${id}/Iterable`, StandardCoders.Enum.ITERABLE, [valueCoder]);
  const groups = additions.coder(`${id}/Grouped`, StandardCoders.Enum.KV, [keyCoder, iterable]);
  const grouped = additions.between(id, transform, input, "Grouped", groups);
  const part = (name: string, urn: string, from: string, to: string): string =>
    additions.transform(`${id}/${name}`, partOf(transform, name, urn, from, to));
  const parts = [
    part("Group", Primitives.GROUP_BY_KEY, inputId, grouped),
    part("Combine", CombineComponents.COMBINE_GROUPED_VALUES, grouped, output),
  ];
  additions.replaceTransform(id, { ...transform, subtransforms: parts });
  return parts;
}

function partOf(combine: PTransform, name: string, urn: string, from: string, to: string): PTransform {
  const isGrouping = urn === Primitives.GROUP_BY_KEY;
  return create(PTransformSchema, {
    uniqueName: `${combine.uniqueName}/${name}`,
    spec: isGrouping ? { urn } : { urn, payload: combine.spec!.payload },
    inputs: { in: from },
    outputs: { out: to },
    environmentId: isGrouping ? "" : combine.environmentId,
    annotations: combine.annotations,
  });
}

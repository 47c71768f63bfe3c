import { GirderError } from "../../portability/errors.js";
import { mainInputsOf, outputsOf, type PlanStage, sideInputsOf } from "./stages.js";

/** Which stage materialises each PCollection, as an index into `stages`. */
export function producersOf(stages: readonly PlanStage[]): Map<string, number> {
  const producers = new Map<string, number>();
  stages.forEach((stage, index) => {
    for (const output of outputsOf(stage)) {
      producers.set(output, index);
    }
  });
  return producers;
}

/**
 * The stages with every producer before its consumers, side inputs included; stages that do not depend on each other
 * keep their order as far as possible.
 *
 * @throws GirderError `internal` if stages wait for each other in a circle.
 */
export function topologicalOrder(stages: readonly PlanStage[]): PlanStage[] {
  const producers = producersOf(stages);
  const dependencies = stages.map((stage) =>
    [...mainInputsOf(stage), ...sideInputsOf(stage)].flatMap((pcollection) => producers.get(pcollection) ?? []),
  );
  const sorted = topologicalIndices(dependencies);
  if (sorted.length < stages.length) {
    const reached = new Set(sorted);
    const stuck = stages.filter((_, index) => !reached.has(index)).map((stage) => stage.id);
    throw new GirderError("internal", `Stages wait for each other in a circle: ${stuck.join(", ")}.`);
  }
  return sorted.map((index) => stages[index]!);
}

/**
 * Sorts nodes 0 … n−1 so that each comes after the nodes it depends on. Nodes on or behind a cycle are left out, which
 * is how a caller finds cycles.
 */
export function topologicalIndices(dependencies: readonly (readonly number[])[]): number[] {
  const dependents: number[][] = dependencies.map(() => []);
  const missing = dependencies.map((list, node) => {
    for (const dependency of list) {
      dependents[dependency]!.push(node);
    }
    return list.length;
  });
  const sorted = missing.flatMap((count, node) => (count === 0 ? [node] : []));
  for (let next = 0; next < sorted.length; next++) {
    for (const dependent of dependents[sorted[next]!]!) {
      missing[dependent]! -= 1;
      if (missing[dependent] === 0) {
        sorted.push(dependent);
      }
    }
  }
  return sorted;
}

import { producersOf, topologicalOrder } from "./stage-graph.js";
import { executableStage } from "./stage-of-transform.js";
import { type FlattenStage, mainInputsOf, type Plan, type PlanStage, sideInputsOf } from "./stages.js";
import { roleOf } from "./transforms.js";

/** Where the reader or writer of a PCollection runs: an environment's id, or the runner itself. */
const RUNNER = Symbol("runner");
type Place = string | typeof RUNNER;

/**
 * Moves flattens into environments, so that fusion can make them vanish: beside their producers where all of those run
 * in one environment, else beside their consumers where all of those do. Flattens of other producers and consumers stay
 * with the runner, as do borders (reshuffle, redistribute) and flattens of nothing.
 */
export function sinkFlattens(plan: Plan): Plan {
  const order = topologicalOrder(plan.stages);
  const producers = producersOf(order);
  const place: Place[] = order.map((stage) => (stage.kind === "executable" ? stage.environment : RUNNER));
  const consumers = order.map((): Set<number | typeof RUNNER> => new Set());
  order.forEach((stage, index) => {
    for (const pcollection of mainInputsOf(stage)) {
      consumers[producers.get(pcollection)!]!.add(index);
    }
    for (const pcollection of sideInputsOf(stage)) {
      consumers[producers.get(pcollection)!]!.add(RUNNER);
    }
  });
  const movable = order.flatMap((stage, index) => (isMovable(stage, plan) ? [{ stage, index }] : []));
  for (const { stage, index } of movable) {
    place[index] = onlyPlace(stage.inputs.map((input) => place[producers.get(input)!]!));
  }
  for (const { index } of movable.toReversed()) {
    if (place[index] === RUNNER) {
      place[index] = onlyPlace(
        [...consumers[index]!].map((consumer) => (consumer === RUNNER ? RUNNER : place[consumer]!)),
      );
    }
  }
  const moved = new Map<string, PlanStage>();
  for (const { stage, index } of movable) {
    const environment = place[index]!;
    if (environment !== RUNNER) {
      moved.set(stage.id, executableStage(stage.transform, plan.components.transforms[stage.transform]!, environment));
    }
  }
  return { ...plan, stages: plan.stages.map((stage) => moved.get(stage.id) ?? stage) };
}

function isMovable(stage: PlanStage, plan: Plan): stage is FlattenStage {
  return (
    stage.kind === "flatten" &&
    stage.inputs.length > 0 &&
    roleOf(plan.components.transforms[stage.transform]!) === "flatten"
  );
}

function onlyPlace(places: readonly Place[]): Place {
  const [first] = places;
  return first !== undefined && places.every((place) => place === first) ? first : RUNNER;
}

import { topologicalOrder } from "./stage-graph.js";
import { mainInputsOf, type Plan, type PlanStage, sideInputsOf } from "./stages.js";

/**
 * Removes dead ends: outputs nobody reads are not materialised, and impulses, groupings and flattens nobody reads go,
 * with whatever only fed them. Transforms of the author stay, read or not: they may have effects.
 */
export function prune(plan: Plan): Plan {
  const order = topologicalOrder(plan.stages);
  const kept = new Map<string, PlanStage>();
  const read = new Set<string>();
  for (const stage of order.toReversed()) {
    const pruned = withoutUnread(stage, read);
    if (pruned !== undefined) {
      kept.set(stage.id, pruned);
      for (const pcollection of [...mainInputsOf(pruned), ...sideInputsOf(pruned)]) {
        read.add(pcollection);
      }
    }
  }
  return { ...plan, stages: plan.stages.flatMap((stage) => kept.get(stage.id) ?? []) };
}

function withoutUnread(stage: PlanStage, read: ReadonlySet<string>): PlanStage | undefined {
  if (stage.kind === "executable") {
    return { ...stage, outputs: stage.outputs.filter((output) => read.has(output)) };
  }
  // What a test stream does to the clock, all of the pipeline sees.
  if (stage.kind === "test-stream") return stage;
  return read.has(stage.output) ? stage : undefined;
}

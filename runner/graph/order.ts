import { topologicalOrder } from "./stage-graph.js";
import type { Plan } from "./stages.js";

/** Sorts stages so that whoever fills a PCollection comes before whoever reads it, as main or as side input. */
export function order(plan: Plan): Plan {
  return { ...plan, stages: topologicalOrder(plan.stages) };
}

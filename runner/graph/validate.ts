import type { Capabilities } from "./capabilities.js";
import { throwFaults } from "./fault.js";
import { leavesOf } from "./resolve-composites.js";
import type { Plan } from "./stages.js";
import { structureFaults } from "./validate-structure.js";
import { supportFaults } from "./validate-support.js";

/**
 * Refuses pipelines that contradict themselves or ask for what the runner does not do, with all reasons at once.
 *
 * Only what would run is looked at: the inside of composites that the runner replaces does not matter.
 *
 * @param requirements URNs that the pipeline as a whole declares.
 * @throws GirderError `invalid-pipeline` or `unsupported`.
 */
export function validate(plan: Plan, requirements: readonly string[], capabilities: Capabilities): void {
  const leaves = leavesOf(plan.components, plan.roots);
  throwFaults([
    ...structureFaults(plan.components, plan.roots, leaves),
    ...supportFaults(plan.components, leaves, requirements, capabilities),
  ]);
}

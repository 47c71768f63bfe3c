/** How often a call of `process` looks at the clock. */
import type { Allowance } from "../splittable/offset-range-tracker.js";
import { type Bundle, CLOCK_INTERVAL } from "./bundle.js";

/** Ms between two looks at the clock that are soon enough. */
const SOON = 1;

/**
 * The allowance of one call: claims until the bundle looks at the clock again. It begins with one and grows as long as
 * claims follow each other fast; where each takes its time, or is waited for, the clock is looked at for each.
 */
export function claimAllowance(bundle: Bundle): Allowance {
  let most = 0.5;
  let last = performance.now();
  return () => {
    const now = performance.now();
    most = now - last < SOON ? Math.min(CLOCK_INTERVAL, most * 2) : Math.max(1, most / 2);
    last = now;
    const allowed = Math.min(bundle.allowance(), Math.floor(most));
    bundle.used(allowed);
    return allowed;
  };
}

/** Firing timers in a chain that does not await. */
import type { Timer } from "../../portability/execution/timer.js";
import type { Bundle } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import { promised } from "./inline-calls.js";
import { isPromise, type OperatorStep, type Receiver, type StageProgram } from "./operator.js";
import { userError } from "./user-error.js";

/** Timers between two looks at the clock. */
const CLOCK_INTERVAL = 16;

/** See `Chain.fire`. */
export function fireTimers(
  { timers: steps }: StageProgram,
  outputs: ReadonlyMap<OperatorStep, readonly Receiver[]>,
  timers: readonly Timer[],
  from: number,
  bundle: Bundle,
  cursor: Cursor,
): number {
  for (let i = from; i < timers.length; i++) {
    if (i > from && i % CLOCK_INTERVAL === 0 && bundle.sliceOver) return i;
    const timer = timers[i]!;
    const step = steps[timer.family]!;
    let result: unknown;
    try {
      result = step.operator.fire!(timer, cursor, outputs.get(step)!);
    } catch (thrown) {
      throw userError(thrown, step.transform);
    }
    if (isPromise(result)) throw promised(result, step.transform);
  }
  return timers.length;
}

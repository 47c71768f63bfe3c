import type { CombineFn } from "./combine-fn.js";
import { extremeBy } from "./extreme.js";
import { type Compare, reversed } from "./order.js";

/** The greatest number, as `Math.max` has it: NaN where one is NaN, 0 after −0, and −Infinity for none. */
export const max: CombineFn<number, number, number> = {
  name: "max",
  createAccumulator: () => -Infinity,
  addInput: (accumulator, input) => Math.max(accumulator, input),
  mergeAccumulators(accumulators) {
    let greatest = -Infinity;
    for (const accumulator of accumulators) greatest = Math.max(greatest, accumulator);
    return greatest;
  },
  extractOutput: (accumulator) => accumulator,
};

/** The last value in the order of `compare`, undefined for none. Of values that compare equal it is any one. */
export function maxBy<T>(compare: Compare<T>): CombineFn<T, T[], T | undefined> {
  return extremeBy("maxBy", reversed(compare));
}

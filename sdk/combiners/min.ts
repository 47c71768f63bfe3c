import type { CombineFn } from "./combine-fn.js";
import { extremeBy } from "./extreme.js";
import type { Compare } from "./order.js";

/** The least number, as `Math.min` has it: NaN where one is NaN, −0 before 0, and Infinity for none. */
export const min: CombineFn<number, number, number> = {
  name: "min",
  createAccumulator: () => Infinity,
  addInput: (accumulator, input) => Math.min(accumulator, input),
  mergeAccumulators(accumulators) {
    let least = Infinity;
    for (const accumulator of accumulators) least = Math.min(least, accumulator);
    return least;
  },
  extractOutput: (accumulator) => accumulator,
};

/**
 * The first value in the order of `compare`, undefined for none. Of values that compare equal it is any one.
 *
 * @example `minBy(naturalOrder)` over strings, dates or bigints; `minBy((a, b) => a.price - b.price)` over objects.
 */
export function minBy<T>(compare: Compare<T>): CombineFn<T, T[], T | undefined> {
  return extremeBy("minBy", compare);
}

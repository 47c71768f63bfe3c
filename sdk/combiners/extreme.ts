import type { CombineFn } from "./combine-fn.js";
import type { Compare } from "./order.js";

/** The first value in the order of `compare`. The accumulator is an array of it, or an empty one. */
export function extremeBy<T>(name: string, compare: Compare<T>): CombineFn<T, T[], T | undefined> {
  const add = (accumulator: T[], input: T): T[] => {
    if (accumulator.length === 0 || compare(input, accumulator[0] as T) < 0) accumulator[0] = input;
    return accumulator;
  };
  return {
    name,
    createAccumulator: () => [],
    addInput: add,
    mergeAccumulators(accumulators) {
      const merged: T[] = [];
      for (const accumulator of accumulators) {
        if (accumulator.length > 0) add(merged, accumulator[0] as T);
      }
      return merged;
    },
    extractOutput: (accumulator) => accumulator[0],
  };
}

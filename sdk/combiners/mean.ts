import type { CombineFn } from "./combine-fn.js";

/** The sum and the number of the values so far. */
export type MeanAccumulator = [sum: number, count: number];

/**
 * The arithmetic mean of numbers: their sum divided by their number, NaN for none.
 *
 * Sum and count are kept rather than a running mean, because they merge exactly; the sum is rounded, and may overflow to
 * Infinity, as that of {@link sum} does.
 */
export const mean: CombineFn<number, MeanAccumulator, number> = {
  name: "mean",
  createAccumulator: () => [0, 0],
  addInput(accumulator, input) {
    accumulator[0] += input;
    accumulator[1] += 1;
    return accumulator;
  },
  mergeAccumulators(accumulators) {
    const total: MeanAccumulator = [0, 0];
    for (const [sum, count] of accumulators) {
      total[0] += sum;
      total[1] += count;
    }
    return total;
  },
  extractOutput: ([sum, count]) => sum / count,
};

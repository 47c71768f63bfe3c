import type { CombineFn } from "./combine-fn.js";

/**
 * The sum of numbers, 0 for none. As `+` has it: NaN makes the sum NaN, the sum of negative zeros is 0, and beyond 2^53
 * or with fractions it is rounded, so that its last digits depend on the order of adding. Integers that may leave
 * ±2^53 are summed exactly by {@link sumBigInt}.
 */
export const sum: CombineFn<number, number, number> = {
  name: "sum",
  createAccumulator: () => 0,
  addInput: (accumulator, input) => accumulator + input,
  mergeAccumulators(accumulators) {
    let total = 0;
    for (const accumulator of accumulators) total += accumulator;
    return total;
  },
  extractOutput: (accumulator) => accumulator,
};

/** The exact sum of bigints, 0n for none. */
export const sumBigInt: CombineFn<bigint, bigint, bigint> = {
  name: "sumBigInt",
  createAccumulator: () => 0n,
  addInput: (accumulator, input) => accumulator + input,
  mergeAccumulators(accumulators) {
    let total = 0n;
    for (const accumulator of accumulators) total += accumulator;
    return total;
  },
  extractOutput: (accumulator) => accumulator,
};

import type { CombineFn } from "./combine-fn.js";

/** The number of values, whatever they are. 0 for none. */
export const count: CombineFn<unknown, number, number> = {
  name: "count",
  createAccumulator: () => 0,
  addInput: (accumulator) => accumulator + 1,
  mergeAccumulators(accumulators) {
    let total = 0;
    for (const accumulator of accumulators) total += accumulator;
    return total;
  },
  extractOutput: (accumulator) => accumulator,
};

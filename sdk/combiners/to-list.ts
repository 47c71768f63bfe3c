import type { CombineFn } from "./combine-fn.js";

/** All values in an array, in no defined order. The values of a key must fit in memory. */
export function toList<T>(): CombineFn<T, T[], T[]> {
  return {
    name: "toList",
    createAccumulator: () => [],
    addInput(list, input) {
      list.push(input);
      return list;
    },
    mergeAccumulators(lists) {
      const merged: T[] = [];
      for (const list of lists) for (const value of list) merged.push(value);
      return merged;
    },
    extractOutput: (list) => list.slice(),
  };
}

import type { CombineFn } from "./combine-fn.js";

/**
 * The distinct values in a Set, in no defined order. Equality is that of Set: NaN equals itself, −0 becomes 0, and
 * objects are equal only if they are the same object, so map them to a string or number first.
 */
export function toSet<T>(): CombineFn<T, Set<T>, Set<T>> {
  return {
    name: "toSet",
    createAccumulator: () => new Set(),
    addInput: (set, input) => set.add(input),
    mergeAccumulators(sets) {
      const merged = new Set<T>();
      for (const set of sets) for (const value of set) merged.add(value);
      return merged;
    },
    extractOutput: (set) => new Set(set),
  };
}

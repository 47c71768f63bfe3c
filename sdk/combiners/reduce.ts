import { GirderError } from "../../portability/errors.js";
import type { CombineFn } from "./combine-fn.js";

/** How many values {@link combineFnFrom} gathers before it folds them into one. */
const FOLD_AT = 1024;

/**
 * A combine function from a plain function over many values, such as `(xs) => Math.max(...xs)`.
 *
 * The function is called over and over with some of the values and with its own earlier results among them, never with
 * more than a few thousand at a time. So it must yield what it takes, not mind order, and give the same for the results
 * of parts as for the whole: a sum or a maximum does, a mean or a count does not (see `mean`, `count`). Over no values it
 * is called with an empty iterable.
 */
export function combineFnFrom<T>(fn: (values: Iterable<T>) => T): CombineFn<T, T[], T> {
  const fold = (values: T[]): T[] => (values.length < FOLD_AT ? values : [fn(values)]);
  return {
    name: fn.name === "" ? "combine" : fn.name,
    createAccumulator: () => [],
    addInput(values, input) {
      values.push(input);
      return fold(values);
    },
    mergeAccumulators(accumulators) {
      let merged: T[] = [];
      for (const values of accumulators) {
        for (const value of values) merged.push(value);
        merged = fold(merged);
      }
      return merged;
    },
    extractOutput: (values) => fn(values.slice()),
    compact: (values) => (values.length < 2 ? values : [fn(values)]),
  };
}

/**
 * A combine function from an associative and commutative operation on two values.
 *
 * `identity`, if given, is the output over no values, and `operation(identity, x)` must equal `x`; it is shared, so
 * `operation` must not change its arguments. Without it there must be a value.
 *
 * @throws GirderError `invalid-argument` when the output over no values is asked for and no identity was given.
 */
export function reduce<T>(operation: (a: T, b: T) => T, identity?: T): CombineFn<T, T[], T> {
  const name = operation.name === "" ? "reduce" : operation.name;
  const add = (held: T[], input: T): T[] => {
    held[0] = held.length === 0 ? input : operation(held[0] as T, input);
    return held;
  };
  return {
    name,
    createAccumulator: () => [],
    addInput: add,
    mergeAccumulators(accumulators) {
      const merged: T[] = [];
      for (const held of accumulators) if (held.length > 0) add(merged, held[0] as T);
      return merged;
    },
    extractOutput(held) {
      if (held.length > 0) return held[0] as T;
      if (identity !== undefined) return identity;
      throw new GirderError("invalid-argument", "There are no values to reduce, and no identity was given.", {
        where: name,
        remedy: "Pass the result for no values as the second argument of reduce().",
      });
    },
  };
}

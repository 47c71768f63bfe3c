/**
 * Combine functions, for `combining`.
 *
 * @module girder/apache-beam/transforms/combiners
 */
import { count as girderCount, mean as girderMean, sum as girderSum } from "../../combiners/index.js";
import { type CombineFn, known } from "../adapt/combine-fns.js";
import type { Loose } from "../adapt/loose.js";

/** How many there are. */
export const count: CombineFn<Loose, number, number> = known(girderCount as never) as CombineFn<Loose, number, number>;

/** The sum of numbers, 0 for none. */
export const sum: CombineFn<number, number, number> = known(girderSum);

/** The arithmetic mean, NaN for none. */
export const mean: CombineFn<number, Loose, number> = known(girderMean as never) as CombineFn<number, Loose, number>;

/** The greatest value as `<` orders them, whatever they are; undefined for none. */
export const max: CombineFn<Loose, Loose, Loose> = extreme((a, b) => a < b);

/** The least value as `>` orders them, whatever they are; undefined for none. */
export const min: CombineFn<Loose, Loose, Loose> = extreme((a, b) => a > b);

/** @param isWorse Whether the first gives way to the second. */
function extreme(isWorse: (a: Loose, b: Loose) => boolean): CombineFn<Loose, Loose, Loose> {
  const better = (a: Loose, b: Loose): Loose => {
    if (a === undefined) return b;
    return b === undefined || !isWorse(a, b) ? a : b;
  };
  return {
    createAccumulator: () => undefined,
    addInput: better,
    mergeAccumulators: (accumulators) => Array.from(accumulators).reduce(better, undefined),
    extractOutput: (accumulator) => accumulator,
  };
}

/**
 * Approximate quantiles in bounded memory, by levels of buffers that are compacted deterministically.
 *
 * Values enter level 0. A level that has reached its capacity of k values is sorted and every other value of it moves up
 * one level, where each stands for twice as many; from one compaction of a level to the next, the values kept alternate
 * between those at odd and at even places, so that the errors tend to cancel. A compaction at level h shifts the rank of
 * any value by at most 2^h, and there are at most N / (k·2^h) of them among N values however accumulators were merged:
 * at most N/k for each level that was compacted. With L such levels no rank is off by more than N·L/k, so
 * `k = L/ε` for the L that the largest expected N needs. This is the mergeable form (Agarwal et al., "Mergeable
 * Summaries", 2012) of the buffers of Manku, Rajagopalan and Lindsay (1998), which Beam's other SDKs use.
 */
import { GirderError } from "../../portability/errors.js";
import { requireInteger } from "./arguments.js";
import type { CombineFn } from "./combine-fn.js";
import { type Comparable, type Compare, naturalOrder } from "./order.js";

/** Values by the number of inputs that each stands for: those of `levels[h]` for 2^h. */
export interface QuantilesAccumulator<T> {
  readonly levels: T[][];
  /** For each level, which of the places 0 and 1 its next compaction keeps. */
  readonly keep: number[];
  /** Number of values added. */
  count: number;
  /** The least and greatest value, exact; empty where there are none. */
  extremes: [] | [least: T, greatest: T];
}

/** Options of {@link approximateQuantiles}. */
export interface QuantilesOptions {
  /**
   * Largest error of a rank as a share of the number of values, in (0, 1). Default 0.01. Memory grows with its inverse:
   * at 0.01 and the default `maxElements` up to 2,000 values for every doubling of the input beyond 2,000.
   */
  readonly epsilon?: number;
  /** Number of values up to which the error is guaranteed; each doubling beyond adds 1/k, ε/20 by default. Default 2^30. */
  readonly maxElements?: number;
}

/** Options of {@link approximateQuantiles} for values that have no {@link naturalOrder}. */
export interface OrderedQuantilesOptions<T> extends QuantilesOptions {
  readonly compare: Compare<T>;
}

/**
 * `n` values that divide all values into `n − 1` parts of about equal number: the least value, `n − 2` quantiles, the
 * greatest value. `approximateQuantiles(3)` yields `[least, median, greatest]`. None for no values; values repeat where
 * there are fewer than `n`.
 *
 * Least and greatest are exact, and so is everything while there are fewer values than a buffer holds. Otherwise output
 * i is a value whose rank (any of its ranks, where it occurs more than once) is within ε·N of i/(n − 1)·N. The bound
 * holds for any division of the input and any order of merging; which value within it is chosen depends on them.
 *
 * @throws GirderError `invalid-argument` for `n` below 2, ε outside (0, 1) or `maxElements` below 1.
 */
export function approximateQuantiles<T extends Comparable>(
  n: number,
  options?: QuantilesOptions,
): CombineFn<T, QuantilesAccumulator<T>, T[]>;
export function approximateQuantiles<T>(
  n: number,
  options: OrderedQuantilesOptions<T>,
): CombineFn<T, QuantilesAccumulator<T>, T[]>;
export function approximateQuantiles(
  n: number,
  options: QuantilesOptions & { readonly compare?: Compare<Comparable> } = {},
): CombineFn<Comparable, QuantilesAccumulator<Comparable>, Comparable[]> {
  const name = `approximateQuantiles(${n})`;
  const { epsilon = 0.01, maxElements = 2 ** 30, compare = naturalOrder } = options;
  requireInteger(name, n, 2);
  requireInteger(`${name}, maxElements`, maxElements, 1);
  if (!(epsilon > 0 && epsilon < 1)) {
    throw new GirderError("invalid-argument", `The error ${epsilon} is not between 0 and 1.`, {
      where: name,
      remedy: "Give epsilon as a share of the number of values, such as 0.01.",
    });
  }
  return quantilesOf(name, n, bufferCapacity(epsilon, maxElements), compare);
}

/** An even capacity k for which the levels compacted among `maxElements` values, at an error of N/k each, keep within ε. */
export function bufferCapacity(epsilon: number, maxElements: number): number {
  let capacity = 2;
  // Level h first holds k values, and is first compacted, when k·2^h values have been added.
  const levels = (): number => Math.max(0, Math.floor(Math.log2(maxElements / capacity)) + 1);
  while (levels() / capacity > epsilon) capacity = Math.max(capacity + 2, 2 * Math.floor(capacity * 0.51));
  return capacity;
}

function quantilesOf<T>(
  name: string,
  n: number,
  capacity: number,
  compare: Compare<T>,
): CombineFn<T, QuantilesAccumulator<T>, T[]> {
  const createAccumulator = (): QuantilesAccumulator<T> => ({ levels: [[]], keep: [0], count: 0, extremes: [] });

  function include(accumulator: QuantilesAccumulator<T>, value: T): void {
    const { extremes } = accumulator;
    if (extremes.length === 0) {
      accumulator.extremes = [value, value];
      return;
    }
    if (compare(value, extremes[0]) < 0) extremes[0] = value;
    if (compare(value, extremes[1]) > 0) extremes[1] = value;
  }

  /** Compacts every level that is full, from the lowest on. */
  function compactFull({ levels, keep }: QuantilesAccumulator<T>): void {
    for (let h = 0; h < levels.length; h++) {
      const level = levels[h] as T[];
      if (level.length < capacity) continue;
      level.sort(compare);
      // One value of an odd number stays, so that every pair gives one value of twice the weight.
      const rest = level.length % 2 === 0 ? [] : level.splice(-1);
      const offset = keep[h] as number;
      keep[h] = 1 - offset;
      levels[h] = rest;
      if (h + 1 === levels.length) {
        levels.push([]);
        keep.push(0);
      }
      const above = levels[h + 1] as T[];
      for (let at = offset; at < level.length; at += 2) above.push(level[at] as T);
    }
  }

  return {
    name,
    createAccumulator,
    addInput(accumulator, input) {
      include(accumulator, input);
      accumulator.count += 1;
      const lowest = accumulator.levels[0] as T[];
      lowest.push(input);
      if (lowest.length >= capacity) compactFull(accumulator);
      return accumulator;
    },
    mergeAccumulators(accumulators) {
      const merged = createAccumulator();
      for (const { levels, keep, count, extremes } of accumulators) {
        for (const value of extremes) include(merged, value);
        merged.count += count;
        for (const [h, level] of levels.entries()) {
          if (h === merged.levels.length) {
            merged.levels.push([]);
            merged.keep.push(keep[h] as number);
          }
          const own = merged.levels[h] as T[];
          for (const value of level) own.push(value);
        }
        compactFull(merged);
      }
      return merged;
    },
    extractOutput({ levels, count, extremes }) {
      if (extremes.length === 0) return [];
      const weighted = levels.flatMap((level, h) => level.map((value) => ({ value, weight: 2 ** h })));
      weighted.sort((a, b) => compare(a.value, b.value));
      const quantiles: T[] = [extremes[0]];
      let at = 0;
      let rank = weighted[0]?.weight ?? 0;
      for (let i = 1; i < n - 1; i++) {
        const wanted = (i / (n - 1)) * count;
        while (rank < wanted && at + 1 < weighted.length) {
          at += 1;
          rank += (weighted[at] as { weight: number }).weight;
        }
        quantiles.push((weighted[at] as { value: T }).value);
      }
      quantiles.push(extremes[1]);
      return quantiles;
    },
  };
}

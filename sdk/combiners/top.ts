import { requireInteger } from "./arguments.js";
import { offer } from "./bounded-heap.js";
import type { CombineFn } from "./combine-fn.js";
import { type Comparable, type Compare, naturalOrder, reversed } from "./order.js";

/**
 * The `n` greatest values in the order of `compare`, greatest first; fewer where there are fewer. Which of several equal
 * values are kept at the edge is not defined.
 *
 * The accumulator is a heap of at most `n` values in an array. `compare` must be a consistent order.
 *
 * @throws GirderError `invalid-argument` if `n` is not a whole number of at least 0.
 */
export function top<T>(n: number, compare: Compare<T>): CombineFn<T, T[], T[]> {
  return first(`top(${n})`, n, reversed(compare));
}

/** The `n` greatest values, greatest first, in their {@link naturalOrder}. */
export function largest<T extends Comparable>(n: number): CombineFn<T, T[], T[]> {
  return first<T>(`largest(${n})`, n, reversed<T>(naturalOrder));
}

/** The `n` least values, least first, in the order of `compare`; by default their {@link naturalOrder}. */
export function smallest<T extends Comparable>(n: number): CombineFn<T, T[], T[]>;
export function smallest<T>(n: number, compare: Compare<T>): CombineFn<T, T[], T[]>;
export function smallest(
  n: number,
  compare: Compare<Comparable> = naturalOrder,
): CombineFn<Comparable, Comparable[], Comparable[]> {
  return first(`smallest(${n})`, n, compare);
}

function first<T>(name: string, n: number, compare: Compare<T>): CombineFn<T, T[], T[]> {
  requireInteger(name, n, 0);
  return {
    name,
    createAccumulator: () => [],
    addInput(heap, input) {
      offer(heap, input, n, compare);
      return heap;
    },
    mergeAccumulators(heaps) {
      const merged: T[] = [];
      for (const heap of heaps) for (const value of heap) offer(merged, value, n, compare);
      return merged;
    },
    extractOutput: (heap) => heap.toSorted(compare),
  };
}

import { requireInteger } from "./arguments.js";
import { offer } from "./bounded-heap.js";
import type { CombineFn } from "./combine-fn.js";
import { seededRandom } from "./random.js";

/** A value with the random number it was given. */
export type TaggedValue<T> = [tag: number, value: T];

const byTag = (a: TaggedValue<unknown>, b: TaggedValue<unknown>): number => a[0] - b[0];

/**
 * `n` values drawn at random without replacement, in random order: every value is as likely as every other to be among
 * them. All values where there are fewer than `n`.
 *
 * Each value gets a random tag when it is added and the `n` least tags are kept, so accumulators merge without knowing
 * how many values each has seen. With a `seed` the tags come from one fixed sequence: the same values added in the same
 * order give the same sample, which is for tests. On several workers each would draw that same sequence, and values in
 * like positions would no longer be chosen independently; without a seed they are.
 *
 * @throws GirderError `invalid-argument` if `n` is not a whole number of at least 0.
 */
export function sample<T>(n: number, seed?: number): CombineFn<T, TaggedValue<T>[], T[]> {
  const name = `sample(${n})`;
  requireInteger(name, n, 0);
  const random = seed === undefined ? Math.random : seededRandom(seed);
  return {
    name,
    createAccumulator: () => [],
    addInput(heap, input) {
      const tag = random();
      if (heap.length < n || (n > 0 && tag < (heap[0] as TaggedValue<T>)[0])) offer(heap, [tag, input], n, byTag);
      return heap;
    },
    mergeAccumulators(heaps) {
      const merged: TaggedValue<T>[] = [];
      for (const heap of heaps) for (const tagged of heap) offer(merged, tagged, n, byTag);
      return merged;
    },
    extractOutput: (heap) => heap.toSorted(byTag).map(([, value]) => value),
  };
}

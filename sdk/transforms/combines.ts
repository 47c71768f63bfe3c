/** The combine functions as transforms, over the values of each key and over all elements. */
import type { KV } from "../../portability/coders/index.js";
import { max } from "../combiners/max.js";
import { mean } from "../combiners/mean.js";
import { min } from "../combiners/min.js";
import type { Comparable, Compare } from "../combiners/order.js";
import { sample } from "../combiners/sample.js";
import { sum } from "../combiners/sum.js";
import { largest, smallest, top } from "../combiners/top.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { combineGlobally, combinePerKey } from "./combine.js";

type PerKey<K, I, O> = PTransform<PCollection<KV<K, I>>, PCollection<KV<K, O>>>;
type Globally<I, O> = PTransform<PCollection<I>, PCollection<O>>;

/** The sum of the numbers of each key. See {@link sum}. */
export function sumPerKey<K>(): PerKey<K, number, number> {
  return named("SumPerKey", combinePerKey(sum));
}

/** The sum of all numbers; 0 for none, in the global window. */
export function sumGlobally(): Globally<number, number> {
  return named("SumGlobally", combineGlobally(sum));
}

/** The mean of the numbers of each key. */
export function meanPerKey<K>(): PerKey<K, number, number> {
  return named("MeanPerKey", combinePerKey(mean));
}

/** The mean of all numbers; NaN for none, in the global window. */
export function meanGlobally(): Globally<number, number> {
  return named("MeanGlobally", combineGlobally(mean));
}

/** The least number of each key. */
export function minPerKey<K>(): PerKey<K, number, number> {
  return named("MinPerKey", combinePerKey(min));
}

/** The least of all numbers; nothing for none. */
export function minGlobally(): Globally<number, number> {
  return named("MinGlobally", combineGlobally(min, { defaultForEmpty: false }));
}

/** The greatest number of each key. */
export function maxPerKey<K>(): PerKey<K, number, number> {
  return named("MaxPerKey", combinePerKey(max));
}

/** The greatest of all numbers; nothing for none. */
export function maxGlobally(): Globally<number, number> {
  return named("MaxGlobally", combineGlobally(max, { defaultForEmpty: false }));
}

/** The `n` greatest values of each key in the order of `compare`, greatest first. */
export function topPerKey<K, V>(n: number, compare: Compare<V>): PerKey<K, V, V[]> {
  return named("TopPerKey", combinePerKey(top<V>(n, compare)));
}

/** The `n` greatest elements in the order of `compare`, greatest first, as one array. */
export function topGlobally<T>(n: number, compare: Compare<T>): Globally<T, T[]> {
  return named("TopGlobally", combineGlobally(top<T>(n, compare)));
}

/** The `n` greatest values of each key, greatest first. */
export function largestPerKey<K, V extends Comparable>(n: number): PerKey<K, V, V[]> {
  return named("LargestPerKey", combinePerKey(largest<V>(n)));
}

/** The `n` greatest elements, greatest first, as one array. */
export function largestGlobally<T extends Comparable>(n: number): Globally<T, T[]> {
  return named("LargestGlobally", combineGlobally(largest<T>(n)));
}

/** The `n` least values of each key, least first. */
export function smallestPerKey<K, V extends Comparable>(n: number): PerKey<K, V, V[]> {
  return named("SmallestPerKey", combinePerKey(smallest<V>(n)));
}

/** The `n` least elements, least first, as one array. */
export function smallestGlobally<T extends Comparable>(n: number): Globally<T, T[]> {
  return named("SmallestGlobally", combineGlobally(smallest<T>(n)));
}

/** `n` values of each key, drawn at random without replacement. See {@link sample}. */
export function samplePerKey<K, V>(n: number, seed?: number): PerKey<K, V, V[]> {
  return named("SamplePerKey", combinePerKey(sample<V>(n, seed)));
}

/** `n` elements, drawn at random without replacement, as one array. See {@link sample}. */
export function sampleGlobally<T>(n: number, seed?: number): Globally<T, T[]> {
  return named("SampleGlobally", combineGlobally(sample<T>(n, seed)));
}

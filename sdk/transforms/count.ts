/** How many there are. */
import { type KV, VARINT_CODER } from "../../portability/coders/index.js";
import { count } from "../combiners/count.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { type CombineOptions, combineGlobally, combinePerKey } from "./combine.js";
import { withKvCoder } from "./key-values.js";

const COUNTS: CombineOptions<number> = { outputCoder: VARINT_CODER as never };

/** Each distinct element, and how often it occurs. Elements are equal where they are written as equal bytes. */
export function countPerElement<T>(): PTransform<PCollection<T>, PCollection<KV<T, number>>> {
  return named("CountPerElement", (input) => {
    const pairs = input.map("Pair", (key): KV<T, null> => ({ key, value: null })) as PCollection<KV<T, null>>;
    return withKvCoder(pairs, { key: input.coder }).apply(combinePerKey(count, COUNTS));
  });
}

/** Each key, and how many values it has. */
export function countPerKey<K>(): PTransform<PCollection<KV<K, unknown>>, PCollection<KV<K, number>>> {
  return named("CountPerKey", (input) => input.apply(combinePerKey(count, COUNTS)));
}

/** The number of elements; 0 for none, in the global window. */
export function countGlobally(): PTransform<PCollection<unknown>, PCollection<number>> {
  return named("CountGlobally", (input) => input.apply(combineGlobally(count, COUNTS)));
}

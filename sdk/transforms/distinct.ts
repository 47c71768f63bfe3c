import type { KV } from "../../portability/coders/index.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { combinePerKey } from "./combine.js";
import { values, withKvCoder } from "./key-values.js";
import { settled } from "./settled.js";

/** Any one of the values, in an array, so that undefined is a value too. */
function anyOne<T>(): CombineFn<T, T[], T> {
  return {
    name: "anyOne",
    createAccumulator: () => [],
    addInput: (held, input) => (held.length === 0 ? [input] : held),
    mergeAccumulators(accumulators) {
      for (const held of accumulators) if (held.length > 0) return held;
      return [];
    },
    extractOutput: ([held]) => held as T,
  };
}

/**
 * Each element once, window by window. Elements are equal where they are written as equal bytes: objects by their
 * contents, NaN to itself, 0 and −0 not to each other.
 *
 * @param representative What stands for an element in the comparison; of elements for which it is equal any one stays.
 */
export function distinct<T>(representative?: (element: T) => unknown): PTransform<PCollection<T>, PCollection<T>> {
  return named("Distinct", (input) => {
    const keyOf = representative ?? ((element: T): unknown => element);
    const pairs = input.map("Representative", (value) =>
      settled(keyOf(value), (key): KV<unknown, T> => ({ key, value })),
    );
    const coders = { key: representative === undefined ? input.coder : undefined, value: input.coder };
    const outputCoder = input.coder === undefined ? {} : { outputCoder: input.coder };
    const once = withKvCoder(pairs, coders).apply(combinePerKey(anyOne<T>(), outputCoder));
    return once.apply(values());
  });
}

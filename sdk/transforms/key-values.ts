/** Pairs of key and value: made, taken apart, turned around. */
import { type Coder, JS_VALUE_CODER, type KV, KVCoder } from "../../portability/coders/index.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { settled } from "./settled.js";

/** The coders of a PCollection's keys and values, where they are known. */
export function partCoders<K, V>(input: PCollection<KV<K, V>>): Partial<Record<"key" | "value", Coder<unknown>>> {
  const coder = input.coder as unknown;
  return coder instanceof KVCoder ? { key: coder.key as Coder<unknown>, value: coder.value as Coder<unknown> } : {};
}

/** Says how keys and values are written; as JavaScript values where that is not known. */
export function withKvCoder<K, V>(
  output: PCollection<KV<K, V>>,
  coders: { readonly key?: Coder<unknown> | undefined; readonly value?: Coder<unknown> | undefined },
): PCollection<KV<K, V>> {
  const { key = JS_VALUE_CODER, value = JS_VALUE_CODER } = coders;
  return output.withCoder(new KVCoder(key as Coder<K>, value as Coder<V>));
}

/** Says how elements are written, where that is known. */
export function withCoderIfKnown<T>(output: PCollection<T>, coder: Coder<unknown> | undefined): PCollection<T> {
  return coder === undefined ? output : output.withCoder(coder as Coder<T>);
}

/**
 * Each element as value behind a key: the one that a function returns for it, or the same for all.
 *
 * @example `words.apply(withKeys((word) => word.length))` makes `{ key: 5, value: "hello" }`.
 */
export function withKeys<T, K>(key: (element: T) => K): PTransform<PCollection<T>, PCollection<KV<Awaited<K>, T>>>;
export function withKeys<T, const K>(key: K): PTransform<PCollection<T>, PCollection<KV<K, T>>>;
export function withKeys<T>(key: unknown): PTransform<PCollection<T>, PCollection<KV<unknown, T>>> {
  const keyOf = typeof key === "function" ? (key as (element: T) => unknown) : () => key;
  return named("WithKeys", (input) =>
    withKvCoder(
      input.map("Pair", (value) => settled(keyOf(value), (own): KV<unknown, T> => ({ key: own, value }))),
      { value: input.coder },
    ),
  );
}

/** The keys of pairs, one for each pair. */
export function keys<K, V>(): PTransform<PCollection<KV<K, V>>, PCollection<K>> {
  return named("Keys", (input) =>
    withCoderIfKnown(
      input.pipeline.parDo<K>(input, { kind: "map", fn: ({ key }: KV<K, V>) => key, context: {} }, undefined),
      partCoders(input).key,
    ),
  );
}

/** The values of pairs. */
export function values<K, V>(): PTransform<PCollection<KV<K, V>>, PCollection<V>> {
  return named("Values", (input) =>
    withCoderIfKnown(
      input.pipeline.parDo<V>(input, { kind: "map", fn: ({ value }: KV<K, V>) => value, context: {} }, undefined),
      partCoders(input).value,
    ),
  );
}

/** Pairs with key and value in each other's place. */
export function kvSwap<K, V>(): PTransform<PCollection<KV<K, V>>, PCollection<KV<V, K>>> {
  return named("KvSwap", (input) => {
    const { key, value } = partCoders(input);
    const swap = (pair: KV<K, V>): KV<V, K> => ({ key: pair.value, value: pair.key });
    const swapped = input.pipeline.parDo<KV<V, K>>(input, { kind: "map", fn: swap, context: {} }, undefined);
    return withKvCoder(swapped, { key: value, value: key });
  });
}

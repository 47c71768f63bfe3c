/**
 * Side inputs: other PCollections that a function reads beside its elements.
 *
 * What a function sees is the side input's window that belongs to the window of its element, complete. It is loaded
 * before the function is called, so reading it needs no `await`, on any runner.
 */
import { JS_VALUE_CODER, type KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { type ContextParam, SideInputParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { KeyedView } from "./keyed-view.js";

/** All elements, in no order. */
export function asIterable<T>(pcollection: PCollection<T>): ContextParam<Iterable<T>> {
  return new SideInputParam(pcollection, (elements) => elements as readonly T[], "iterable");
}

/** All elements, in no order but always the same. */
export function asList<T>(pcollection: PCollection<T>): ContextParam<readonly T[]> {
  return new SideInputParam(pcollection, (elements) => elements as readonly T[], "list");
}

/**
 * The only element.
 *
 * @param options.default What is seen where there is none. Without it, an empty side input is an error.
 * Several elements are one in any case: GirderError `user-exception` when the function is called.
 */
export function singleton<T>(pcollection: PCollection<T>, options: { readonly default?: T } = {}): ContextParam<T> {
  const view = (elements: readonly unknown[]): T => {
    if (elements.length === 1) return elements[0] as T;
    if (elements.length === 0 && "default" in options) return options.default as T;
    throw new GirderError("user-exception", `A singleton side input has ${elements.length} elements.`, {
      where: pcollection.id,
      remedy:
        elements.length === 0
          ? "Give a default: singleton(pcollection, { default: value })."
          : "Combine them into one first, or use asList.",
    });
  };
  return new SideInputParam(pcollection, view, "singleton");
}

/**
 * The elements, KVs, as a Map from key to value. Keys are equal where they are written as equal bytes, so that an object
 * finds its like. Two values of one key are an error: GirderError `user-exception` when the function is called.
 */
export function asMap<K, V>(pcollection: PCollection<KV<K, V>>): ContextParam<ReadonlyMap<K, V>> {
  const view = (elements: readonly unknown[]): ReadonlyMap<K, V> => {
    const map = new KeyedView<K, V>(JS_VALUE_CODER);
    for (const { key, value } of elements as readonly KV<K, V>[]) {
      if (map.has(key)) {
        throw new GirderError("user-exception", `A map side input has two values for the key ${String(key)}.`, {
          where: pcollection.id,
          remedy: "Combine the values of each key first, or use asMultimap.",
        });
      }
      map.put(key, value);
    }
    return map;
  };
  return new SideInputParam(pcollection, view, "map");
}

/** The elements, KVs, as a Map from key to all its values. Keys are equal where they are written as equal bytes. */
export function asMultimap<K, V>(pcollection: PCollection<KV<K, V>>): ContextParam<ReadonlyMap<K, readonly V[]>> {
  const view = (elements: readonly unknown[]): ReadonlyMap<K, readonly V[]> => {
    const map = new KeyedView<K, V[]>(JS_VALUE_CODER);
    for (const { key, value } of elements as readonly KV<K, V>[]) {
      const values = map.get(key);
      if (values === undefined) map.put(key, [value]);
      else values.push(value);
    }
    return map;
  };
  return new SideInputParam(pcollection, view, "multimap");
}

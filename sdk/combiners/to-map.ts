import type { CombineFn } from "./combine-fn.js";

/** A key and its value. */
export interface KeyValue<K, V> {
  readonly key: K;
  readonly value: V;
}

/**
 * Keys and values in a Map. A key that occurs with several values keeps any one of them. Keys are equal as in a Map:
 * objects only if they are the same object.
 */
export function toMap<K, V>(): CombineFn<KeyValue<K, V>, Map<K, V>, Map<K, V>> {
  return {
    name: "toMap",
    createAccumulator: () => new Map(),
    addInput: (map, { key, value }) => map.set(key, value),
    mergeAccumulators(maps) {
      const merged = new Map<K, V>();
      for (const map of maps) for (const [key, value] of map) merged.set(key, value);
      return merged;
    },
    extractOutput: (map) => new Map(map),
  };
}

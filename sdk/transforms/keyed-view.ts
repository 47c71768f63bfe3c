/** A Map whose keys are equal where their bytes are, as grouping has it. */
import type { Coder } from "../../portability/coders/index.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";

export class KeyedView<K, V> implements ReadonlyMap<K, V> {
  readonly #entries = new Map<KeyIdentity, [K, V]>();

  constructor(readonly coder: Coder<unknown>) {}

  put(key: K, value: V): void {
    this.#entries.set(this.coder.keyIdentity(key), [key, value]);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(this.coder.keyIdentity(key))?.[1];
  }

  has(key: K): boolean {
    return this.#entries.has(this.coder.keyIdentity(key));
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.#entries.values()) visit(value, key, this);
  }

  *entries(): MapIterator<[K, V]> {
    yield* this.#entries.values();
  }

  *keys(): MapIterator<K> {
    for (const [key] of this.#entries.values()) yield key;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.#entries.values()) yield value;
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries();
  }

  readonly [Symbol.toStringTag] = "KeyedView";
}

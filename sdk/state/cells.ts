/**
 * State: what a function remembers of a key and window, from one element to the next.
 *
 * Cells of the kinds value, bag, combining and set are there before the function is called and are read at once, on any
 * runner. Those that may be too large for that (map, multimap, ordered list) are read with `await`. Writing is at once for all,
 * and takes effect when the bundle commits: a bundle that fails leaves nothing.
 *
 * Values that are read from a bag, a set, a multimap or an ordered list must not be changed, as elements must not. What is read
 * from a value, map or combining state is the function's own; to keep a change, write it back.
 */
import type { Instant } from "../../portability/execution/time.js";

/** One value, or none. See `valueState`. */
export interface ValueState<T> {
  /** The value; undefined if there is none. */
  read(): T | undefined;
  write(value: T): void;
  clear(): void;
}

/** Any number of values. See `bagState`. */
export interface BagState<T> {
  add(value: T): void;
  /** All values, in the order in which they were added, as they are now: what is added afterwards is not among them. */
  read(): readonly T[];
  isEmpty(): boolean;
  clear(): void;
}

/** What a CombineFn makes of the values that were added. See `combiningState`. */
export interface CombiningState<I, O> {
  add(value: I): void;
  /** The output for all values so far; of none, what the CombineFn has for nothing. */
  read(): O;
  isEmpty(): boolean;
  clear(): void;
}

/** Distinct values. Values are equal where they are written as equal bytes. See `setState`. */
export interface SetState<T> {
  add(value: T): void;
  delete(value: T): void;
  has(value: T): boolean;
  /** All values, in no order, as they are now. */
  read(): readonly T[];
  isEmpty(): boolean;
  clear(): void;
}

/** A value for each of any number of keys. Keys are equal where they are written as equal bytes. See `mapState`. */
export interface MapState<K, V> {
  /** The value of a key; undefined if there is none. */
  get(key: K): Promise<V | undefined>;
  has(key: K): Promise<boolean>;
  set(key: K, value: V): void;
  delete(key: K): void;
  /** All keys, in no order. */
  keys(): Promise<readonly K[]>;
  entries(): Promise<readonly (readonly [key: K, value: V])[]>;
  isEmpty(): Promise<boolean>;
  clear(): void;
}

/** Any number of values for each of any number of keys. See `multimapState`. */
export interface MultimapState<K, V> {
  /** The values of a key in the order in which they were added; none for one that there is not. */
  get(key: K): Promise<readonly V[]>;
  has(key: K): Promise<boolean>;
  add(key: K, value: V): void;
  /** Removes all values of a key. */
  delete(key: K): void;
  /** All keys, in no order. */
  keys(): Promise<readonly K[]>;
  entries(): Promise<readonly (readonly [key: K, values: readonly V[]])[]>;
  isEmpty(): Promise<boolean>;
  clear(): void;
}

/** An entry of an ordered list. */
export interface TimestampedEntry<T> {
  readonly timestamp: Instant;
  readonly value: T;
}

/** Values in the order of their timestamps, which need not be those of elements. See `orderedListState`. */
export interface OrderedListState<T> {
  add(timestamp: Instant, value: T): void;
  /**
   * The entries from an instant (inclusive, ms) to another (exclusive), earliest first; those of one timestamp in the order in
   * which they were added.
   *
   * @param from Default: the beginning of time.
   * @param to Default: the end of time, which is included then.
   */
  read(from?: Instant, to?: Instant): Promise<readonly TimestampedEntry<T>[]>;
  /** Removes the entries from an instant (inclusive, ms) to another (exclusive). */
  clearRange(from: Instant, to: Instant): Promise<void>;
  isEmpty(): Promise<boolean>;
  clear(): void;
}

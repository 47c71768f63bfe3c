/** The parts of a combine: before, after and without the grouping between them. */
import type { KV } from "../../portability/coders/index.js";
import { forEachWindow, type WindowSet } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import type { Cursor } from "./cursor.js";
import type { Operator, Receiver } from "./operator.js";
import { userError } from "./user-error.js";

type AnyCombineFn = CombineFn<unknown, unknown, unknown>;
type AnyKV = KV<unknown, unknown>;

/** Accumulators that an operator holds before it passes them on in the middle of a bundle. */
const MOST_SLOTS = 200_000;

/** Which of its values' timestamps an accumulator has, where the windowing strategy asks for one. */
export type AccumulatorTime = "any" | "earliest" | "latest";

interface Slot {
  readonly key: unknown;
  accumulator: unknown;
  timestamp: Instant;
}

/**
 * The accumulators of one window. Strings and numbers are looked up as they are, all other keys by identity: keys that
 * this tells apart although they are one are put together where the accumulators are grouped.
 */
interface Table {
  readonly primitive: Map<unknown, Slot>;
  readonly identified: Map<KeyIdentity, Slot>;
}

/**
 * Combines the values of a bundle before they are grouped: one accumulator for each key and window, emitted at the end of
 * the bundle or when there are too many.
 */
export class PrecombineOperator implements Operator {
  readonly #fn: AnyCombineFn;
  readonly #identity: (key: unknown) => KeyIdentity;
  readonly #time: AccumulatorTime;
  readonly #transform: string;
  readonly namesElements = true;
  readonly #tables = new Map<InternedWindow, Table>();
  #window: InternedWindow | undefined;
  #table: Table = emptyTable();
  #slots = 0;

  constructor(transform: string, fn: AnyCombineFn, identity: (key: unknown) => KeyIdentity, time: AccumulatorTime) {
    this.#transform = transform;
    this.#fn = fn;
    this.#identity = identity;
    this.#time = time;
  }

  process(element: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const { key, value } = element as AnyKV;
    const { windows } = cursor;
    try {
      if (windows === this.#window) this.#add(key, value, cursor.timestamp);
      else this.#addTo(windows, key, value, cursor.timestamp);
    } catch (thrown) {
      throw userError(thrown, this.#transform, { value: { key, value } });
    }
    if (this.#slots >= MOST_SLOTS) this.#flushAmid(cursor, outputs);
  }

  #addTo(windows: WindowSet, key: unknown, value: unknown, timestamp: Instant): void {
    forEachWindow(windows, (window) => {
      this.#select(window);
      this.#add(key, value, timestamp);
    });
  }

  #add(key: unknown, value: unknown, timestamp: Instant): void {
    // 0 and −0 are one key to a Map, but not in every coder.
    const primitive = typeof key === "string" || (typeof key === "number" && key !== 0);
    let slot = primitive ? this.#table.primitive.get(key) : this.#table.identified.get(this.#identity(key));
    if (slot === undefined) {
      slot = { key, accumulator: this.#fn.createAccumulator(), timestamp };
      if (primitive) this.#table.primitive.set(key, slot);
      else this.#table.identified.set(this.#identity(key), slot);
      this.#slots++;
    } else if (this.#time !== "any") {
      slot.timestamp = (this.#time === "latest" ? Math.max : Math.min)(slot.timestamp, timestamp);
    }
    slot.accumulator = this.#fn.addInput(slot.accumulator, value);
  }

  #select(window: InternedWindow): void {
    this.#window = window;
    let table = this.#tables.get(window);
    if (table === undefined) {
      table = emptyTable();
      this.#tables.set(window, table);
    }
    this.#table = table;
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void {
    const output = outputs[0]!;
    for (const [window, { primitive, identified }] of this.#tables) {
      cursor.windows = window;
      cursor.pane = NO_FIRING;
      for (const slots of [primitive, identified]) {
        for (const { key, accumulator, timestamp } of slots.values()) {
          cursor.timestamp = timestamp;
          output({ key, value: this.#fn.compact === undefined ? accumulator : this.#fn.compact(accumulator) });
        }
      }
    }
    this.start();
  }

  /** Passes the accumulators on in the middle of a bundle, and leaves the cursor where it was. */
  #flushAmid(cursor: Cursor, outputs: readonly Receiver[]): void {
    const { timestamp, windows, pane } = cursor;
    this.finish(cursor, outputs);
    cursor.set(timestamp, windows, pane);
  }

  /** Forgets what a bundle that failed has left. */
  start(): void {
    this.#tables.clear();
    this.#window = undefined;
    this.#slots = 0;
  }
}

function emptyTable(): Table {
  return { primitive: new Map(), identified: new Map() };
}

/**
 * KV<key, accumulators> to KV<key, accumulator>.
 *
 * Merging may change the first accumulator, so that one must be new: the others may be merged again, in a later pane or where
 * a bundle was lost.
 */
export function mergeAccumulators(fn: AnyCombineFn): (element: AnyKV) => AnyKV {
  return ({ key, value }) => ({
    key,
    value: fn.mergeAccumulators(
      Array.isArray(value)
        ? [fn.createAccumulator(), ...(value as readonly unknown[])]
        : prepended(fn.createAccumulator(), value as Iterable<unknown>),
    ),
  });
}

function* prepended(first: unknown, others: Iterable<unknown>): Generator<unknown> {
  yield first;
  yield* others;
}

/** KV<key, accumulator> to KV<key, output>. */
export function extractOutputs(fn: AnyCombineFn): (element: AnyKV) => AnyKV {
  return ({ key, value }) => ({ key, value: fn.extractOutput(value) });
}

/** KV<key, value> to KV<key, accumulator>, value by value. */
export function convertToAccumulators(fn: AnyCombineFn): (element: AnyKV) => AnyKV {
  return ({ key, value }) => ({ key, value: fn.addInput(fn.createAccumulator(), value) });
}

/** KV<key, values> to KV<key, output>: a combine that nothing was done for ahead. */
export function combineGroupedValues(fn: AnyCombineFn): (element: AnyKV) => AnyKV {
  return ({ key, value }) => {
    let accumulator = fn.createAccumulator();
    for (const input of value as Iterable<unknown>) accumulator = fn.addInput(accumulator, input);
    return { key, value: fn.extractOutput(accumulator) };
  };
}

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

type AnyCombineFn = CombineFn<unknown, unknown, unknown>;
type AnyKV = KV<unknown, unknown>;

/** Accumulators that an operator holds before it passes them on in the middle of a bundle. */
const MOST_SLOTS = 200_000;

/** Which of its values' timestamps an accumulator has, where the windowing strategy asks for one. */
export type AccumulatorTime = "any" | "earliest" | "latest";

/** A key, and its accumulator if `bundle` is the one that is being processed. */
interface Slot {
  readonly key: unknown;
  accumulator: unknown;
  timestamp: Instant;
  bundle: number;
}

/**
 * The accumulators of one window. Strings and numbers are looked up as they are, all other keys by identity: keys that
 * this tells apart although they are one are put together where the accumulators are grouped.
 *
 * Slots outlive their bundle, empty: keys come again, and a table that stays need not grow anew, nor its keys be moved about by the
 * garbage collector. Grouping finds a key faster, too, that is the same string as before.
 */
class Table {
  readonly primitive = new Map<unknown, Slot>();
  readonly identified = new Map<KeyIdentity, Slot>();
  /** Those that have an accumulator, in the order in which their keys came. */
  filled: Slot[] = [];

  get size(): number {
    return this.primitive.size + this.identified.size;
  }
}

/**
 * Combines the values of a bundle before they are grouped: one accumulator for each key and window, emitted at the end of
 * the bundle or when there are too many.
 */
export class PrecombineOperator implements Operator {
  readonly #fn: AnyCombineFn;
  readonly #identity: (key: unknown) => KeyIdentity;
  readonly #time: AccumulatorTime;
  readonly #tables = new Map<InternedWindow, Table>();
  #window: InternedWindow | undefined;
  #table = new Table();
  /** Slots filled in this bundle. */
  #filled = 0;
  #bundle = 0;

  constructor(fn: AnyCombineFn, identity: (key: unknown) => KeyIdentity, time: AccumulatorTime) {
    this.#fn = fn;
    this.#identity = identity;
    this.#time = time;
  }

  process(element: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const { key, value } = element as AnyKV;
    const { windows } = cursor;
    if (windows === this.#window) this.#add(key, value, cursor.timestamp);
    else this.#addTo(windows, key, value, cursor.timestamp);
    if (this.#filled >= MOST_SLOTS) this.#flushAmid(cursor, outputs);
  }

  #addTo(windows: WindowSet, key: unknown, value: unknown, timestamp: Instant): void {
    forEachWindow(windows, (window) => {
      this.#select(window);
      this.#add(key, value, timestamp);
    });
  }

  #add(key: unknown, value: unknown, timestamp: Instant): void {
    // 0 and −0 are one key to a Map, but not in every coder.
    const isPrimitive = typeof key === "string" || (typeof key === "number" && key !== 0);
    const { primitive, identified } = this.#table;
    let slot = isPrimitive ? primitive.get(key) : identified.get(this.#identity(key));
    if (slot === undefined || slot.bundle !== this.#bundle) slot = this.#fill(slot, key, isPrimitive, timestamp);
    else if (this.#time !== "any") {
      slot.timestamp = (this.#time === "latest" ? Math.max : Math.min)(slot.timestamp, timestamp);
    }
    slot.accumulator = this.#fn.addInput(slot.accumulator, value);
  }

  /** Begins the accumulator of a key, in the slot that it had in an earlier bundle if there is one. */
  #fill(known: Slot | undefined, key: unknown, isPrimitive: boolean, timestamp: Instant): Slot {
    const accumulator = this.#fn.createAccumulator();
    const slot = known ?? { key, accumulator, timestamp, bundle: this.#bundle };
    if (known === undefined) {
      if (isPrimitive) this.#table.primitive.set(key, slot);
      else this.#table.identified.set(this.#identity(key), slot);
    } else {
      slot.accumulator = accumulator;
      slot.timestamp = timestamp;
      slot.bundle = this.#bundle;
    }
    this.#table.filled.push(slot);
    this.#filled++;
    return slot;
  }

  #select(window: InternedWindow): void {
    this.#window = window;
    let table = this.#tables.get(window);
    if (table === undefined) {
      table = new Table();
      this.#tables.set(window, table);
    }
    this.#table = table;
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void {
    const output = outputs[0]!;
    for (const [window, { filled }] of this.#tables) {
      cursor.windows = window;
      cursor.pane = NO_FIRING;
      for (const slot of filled) {
        const { key, accumulator } = slot;
        cursor.timestamp = slot.timestamp;
        // A number keeps nothing else alive, and V8 stores numbers best where nothing else has been.
        if (typeof accumulator === "object") slot.accumulator = undefined;
        output({ key, value: this.#fn.compact === undefined ? accumulator : this.#fn.compact(accumulator) });
      }
    }
    this.#empty();
  }

  /** Keeps the slots of windows that this bundle has seen, unless they are too many. */
  #empty(): void {
    let kept = 0;
    for (const [window, table] of this.#tables) {
      if (table.filled.length === 0) this.#tables.delete(window);
      else kept += table.size;
      table.filled = [];
    }
    if (kept >= MOST_SLOTS) this.#tables.clear();
    this.#window = undefined;
    this.#filled = 0;
    this.#bundle++;
  }

  /** Passes the accumulators on in the middle of a bundle, and leaves the cursor where it was. */
  #flushAmid(cursor: Cursor, outputs: readonly Receiver[]): void {
    const { timestamp, windows, pane } = cursor;
    this.finish(cursor, outputs);
    cursor.set(timestamp, windows, pane);
  }

  /** Forgets what a bundle that failed has left. */
  start(): void {
    if (this.#filled === 0) return;
    this.#tables.clear();
    this.#empty();
  }
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

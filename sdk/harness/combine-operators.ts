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

/**
 * The accumulators of one window, in columns: a slot is a place in all of them, which takes less memory than an object would, and
 * so fewer of the lookups miss the cache. Strings and numbers are looked up as they are, all other keys by identity: keys that
 * this tells apart although they are one are put together where the accumulators are grouped.
 */
interface Table {
  readonly primitive: Map<unknown, number>;
  readonly identified: Map<KeyIdentity, number>;
  readonly keys: unknown[];
  readonly accumulators: unknown[];
  readonly timestamps: Instant[];
}

/**
 * Combines the values of a bundle before they are grouped: one accumulator for each key and window, emitted at the end of
 * the bundle or when there are too many.
 */
export class PrecombineOperator implements Operator {
  readonly fn: AnyCombineFn;
  readonly #identity: (key: unknown) => KeyIdentity;
  readonly #time: AccumulatorTime;
  readonly #transform: string;
  readonly #tables = new Map<InternedWindow, Table>();
  #window: InternedWindow | undefined;
  #table: Table = emptyTable();
  #slots = 0;

  constructor(transform: string, fn: AnyCombineFn, identity: (key: unknown) => KeyIdentity, time: AccumulatorTime) {
    this.#transform = transform;
    this.fn = fn;
    this.#identity = identity;
    this.#time = time;
  }

  /**
   * The place in {@link accumulators} of a key's accumulator in the element's window; −1 where {@link processKeyed} has to be
   * called: there is none yet, or more is to be done than to add. With this a chain adds in code of its own, where the
   * engine's compiler knows which `addInput` is called: here it would soon have met too many.
   */
  slotOf(key: unknown, cursor: Cursor): number {
    if (cursor.windows !== this.#window || this.#time !== "any") return -1;
    return (isPrimitive(key) ? this.#table.primitive.get(key) : undefined) ?? -1;
  }

  /** Accumulators of the window that {@link slotOf} was last asked about. */
  get accumulators(): unknown[] {
    return this.#table.accumulators;
  }

  process(element: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const { key, value } = element as AnyKV;
    this.processKeyed(key, value, cursor, outputs);
  }

  /** As {@link process}, for a chain that knows key and value without having made the pair. */
  processKeyed(key: unknown, value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const { windows } = cursor;
    try {
      if (windows === this.#window) this.#add(key, value, cursor.timestamp);
      else this.#addTo(windows, key, value, cursor.timestamp);
      if (this.#slots >= MOST_SLOTS) this.#flushAmid(cursor, outputs);
    } catch (thrown) {
      throw userError(thrown, this.#transform, { value: { key, value } });
    }
  }

  #addTo(windows: WindowSet, key: unknown, value: unknown, timestamp: Instant): void {
    forEachWindow(windows, (window) => {
      this.#select(window);
      this.#add(key, value, timestamp);
    });
  }

  #add(key: unknown, value: unknown, timestamp: Instant): void {
    const { primitive, identified, accumulators, timestamps } = this.#table;
    const slot = isPrimitive(key) ? primitive.get(key) : identified.get(this.#identity(key));
    if (slot === undefined) {
      this.#open(key, value, timestamp);
      return;
    }
    accumulators[slot] = this.fn.addInput(accumulators[slot], value);
    if (this.#time !== "any") {
      timestamps[slot] = (this.#time === "latest" ? Math.max : Math.min)(timestamps[slot]!, timestamp);
    }
  }

  #open(key: unknown, value: unknown, timestamp: Instant): void {
    const { primitive, identified, keys, accumulators, timestamps } = this.#table;
    const accumulator = this.fn.addInput(this.fn.createAccumulator(), value);
    if (isPrimitive(key)) primitive.set(key, keys.length);
    else identified.set(this.#identity(key), keys.length);
    keys.push(key);
    accumulators.push(accumulator);
    timestamps.push(timestamp);
    this.#slots++;
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
    for (const [window, { keys, accumulators, timestamps }] of this.#tables) {
      cursor.windows = window;
      cursor.pane = NO_FIRING;
      for (let slot = 0; slot < keys.length; slot++) {
        const accumulator = accumulators[slot];
        cursor.timestamp = timestamps[slot]!;
        output({
          key: keys[slot],
          value: this.fn.compact === undefined ? accumulator : this.fn.compact(accumulator),
        });
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

/** Whether a key is looked up as it is. 0 and −0 are one key to a Map, but not in every coder. */
function isPrimitive(key: unknown): boolean {
  return typeof key === "string" || (typeof key === "number" && key !== 0);
}

function emptyTable(): Table {
  return { primitive: new Map(), identified: new Map(), keys: [], accumulators: [], timestamps: [] };
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

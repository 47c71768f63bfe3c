/** The parts of a combine: before, after and without the grouping between them. */
import type { KV } from "../../portability/coders/index.js";
import { forEachWindow } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import type { Cursor } from "./cursor.js";
import type { Operator, Receiver } from "./operator.js";

type AnyCombineFn = CombineFn<unknown, unknown, unknown>;
type AnyKV = KV<unknown, unknown>;

/** Accumulators that a table holds before it passes them on in the middle of a bundle. */
const TABLE_SIZE = 200_000;

interface Slot {
  readonly key: unknown;
  accumulator: unknown;
  timestamp: Instant;
}

/**
 * Combines the values of a bundle before they are grouped: one accumulator for each key and window, emitted at the end of
 * the bundle or when there are too many.
 */
export class PrecombineOperator implements Operator {
  readonly #tables = new Map<InternedWindow, Map<KeyIdentity, Slot>>();
  #window: InternedWindow | undefined;
  #table: Map<KeyIdentity, Slot> = new Map();
  #size = 0;

  /** @param latest Whether an accumulator has the latest timestamp of its values, not the earliest. */
  constructor(
    readonly fn: AnyCombineFn,
    readonly identity: (key: unknown) => KeyIdentity,
    readonly latest: boolean,
  ) {}

  process(element: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const { key, value } = element as AnyKV;
    const { windows } = cursor;
    if (Array.isArray(windows)) forEachWindow(windows, (window) => this.#add(window, key, value, cursor.timestamp));
    else this.#add(windows as InternedWindow, key, value, cursor.timestamp);
    if (this.#size >= TABLE_SIZE) this.#flush(cursor.copy(), cursor, outputs);
  }

  #add(window: InternedWindow, key: unknown, value: unknown, timestamp: Instant): void {
    if (window !== this.#window) this.#select(window);
    const identity = this.identity(key);
    let slot = this.#table.get(identity);
    if (slot === undefined) {
      slot = { key, accumulator: this.fn.createAccumulator(), timestamp };
      this.#table.set(identity, slot);
      this.#size++;
    } else if (this.latest ? timestamp > slot.timestamp : timestamp < slot.timestamp) slot.timestamp = timestamp;
    slot.accumulator = this.fn.addInput(slot.accumulator, value);
  }

  #select(window: InternedWindow): void {
    this.#window = window;
    const table = this.#tables.get(window);
    if (table === undefined) {
      this.#table = new Map();
      this.#tables.set(window, this.#table);
    } else this.#table = table;
  }

  finish(cursor: Cursor, outputs: readonly Receiver[]): void {
    this.#flush(undefined, cursor, outputs);
  }

  #flush(restore: Cursor | undefined, cursor: Cursor, outputs: readonly Receiver[]): void {
    const output = outputs[0]!;
    for (const [window, table] of this.#tables) {
      for (const { key, accumulator, timestamp } of table.values()) {
        cursor.set(timestamp, window, NO_FIRING);
        output({ key, value: this.fn.compact === undefined ? accumulator : this.fn.compact(accumulator) });
      }
    }
    this.#tables.clear();
    this.#window = undefined;
    this.#size = 0;
    if (restore !== undefined) cursor.set(restore.timestamp, restore.windows, restore.pane);
  }

  /** Forgets what a bundle that failed has left. */
  start(): void {
    this.#tables.clear();
    this.#window = undefined;
    this.#size = 0;
  }
}

/** KV<key, accumulators> to KV<key, accumulator>. */
export function mergeAccumulators(fn: AnyCombineFn): (element: AnyKV) => AnyKV {
  return ({ key, value }) => ({ key, value: fn.mergeAccumulators(value as Iterable<unknown>) });
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

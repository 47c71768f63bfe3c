/**
 * Elements travel between a runner and whoever runs a stage in batches: columns side by side.
 *
 * To the engine the elements themselves are opaque references. It reads the columns it schedules by (timestamp, windows,
 * pane, key identity), cuts batches and passes them on; it never looks into `refs`. A column whose entries are all the
 * same holds that one entry instead of an array, which is what most batches of a batch job have.
 *
 * A batch is immutable once it has left its producer.
 */
import type { Groups } from "./groups.js";
import type { KeyIdentity } from "./key-identity.js";
import type { PaneInfo } from "./pane.js";
import { type Instant, MAX_TIMESTAMP } from "./time.js";
import type { InternedWindow } from "./window.js";

/** The windows of one element: nearly always one. */
export type WindowSet = InternedWindow | readonly InternedWindow[];

/** One entry for all elements, or one for each. */
export type Column<T> = { readonly all: T } | readonly T[];

/** The entry of element `i`. */
export function entry<T>(column: Column<T>, i: number): T {
  return "all" in column ? column.all : column[i]!;
}

function cut<T>(column: Column<T>, from: number, to: number): Column<T> {
  return "all" in column ? column : column.slice(from, to);
}

/** Calls `visit` with each window of the set. */
export function forEachWindow(windows: WindowSet, visit: (window: InternedWindow) => void): void {
  if (Array.isArray(windows)) for (const window of windows as readonly InternedWindow[]) visit(window);
  else visit(windows as InternedWindow);
}

/** Where bytes are kept that memory has no room for. */
export interface ByteStore {
  /** Takes a copy of the bytes. @returns what reads them back, as often as it is called. */
  keep(bytes: Uint8Array): () => Uint8Array;
}

/** The columns of a batch. */
export interface Columns {
  /**
   * One reference an element. In a keyed batch (`keys` is there) the reference is to the value alone; in a grouped batch
   * it is an `Iterable` of the references of the key's values.
   */
  readonly refs: readonly unknown[];
  readonly keys: readonly KeyIdentity[] | undefined;
  readonly timestamps: Column<Instant>;
  readonly windows: Column<WindowSet>;
  readonly panes: Column<PaneInfo>;
}

export class Batch {
  readonly #columns: Columns | undefined;
  #minTimestamp: Instant | undefined;

  /** @param bytes Estimated size of the elements in bytes, for memory budgets; not what an encoding would come to exactly. */
  constructor(
    refs: readonly unknown[],
    keys: readonly KeyIdentity[] | undefined,
    timestamps: Column<Instant>,
    windows: Column<WindowSet>,
    panes: Column<PaneInfo>,
    readonly bytes: number,
  ) {
    this.#columns = { refs, keys, timestamps, windows, panes };
  }

  /** The columns: in memory, or fetched from where they are kept. Take them once, not once an element. */
  get columns(): Columns {
    return this.#columns!;
  }

  /** The timestamps column, which may be had without the others. */
  get timestamps(): Column<Instant> {
    return this.columns.timestamps;
  }

  /** The windows column, which is at hand even where the others have to be fetched. */
  get windows(): Column<WindowSet> {
    return this.columns.windows;
  }

  /** Estimated bytes that the batch takes in memory now. */
  get residentBytes(): number {
    return this.bytes;
  }

  /** Number of elements. */
  get count(): number {
    return this.columns.refs.length;
  }

  /** The earliest timestamp, {@link MAX_TIMESTAMP} for an empty batch. */
  get minTimestamp(): Instant {
    if (this.#minTimestamp === undefined) {
      let min = MAX_TIMESTAMP;
      const { timestamps } = this;
      if ("all" in timestamps) min = this.count > 0 ? timestamps.all : min;
      else for (const timestamp of timestamps) if (timestamp < min) min = timestamp;
      this.#minTimestamp = min;
    }
    return this.#minTimestamp;
  }

  /** Something to group batches of this one's producer in; undefined if that is best done by references. */
  newGroups(): Groups | undefined {
    return undefined;
  }

  /**
   * The batch with its elements in `store`, if its producer can do that in a better way than by its codec: one that takes less memory than to
   * encode all of it at once. Default: it cannot.
   */
  stored(_store: ByteStore): Batch | undefined {
    return undefined;
  }

  /** The elements at the given positions, in that order, sharing the references. */
  select(positions: readonly number[]): Batch {
    const { refs, keys, timestamps, windows, panes } = this.columns;
    const pick = <T>(column: Column<T>): Column<T> => ("all" in column ? column : positions.map((i) => column[i]!));
    return new Batch(
      positions.map((i) => refs[i]),
      keys && positions.map((i) => keys[i]!),
      pick(timestamps),
      pick(windows),
      pick(panes),
      refs.length === 0 ? 0 : Math.ceil((this.bytes * positions.length) / refs.length),
    );
  }

  /** The same elements in other windows, sharing the references. */
  inWindows(windows: Column<WindowSet>): Batch {
    const { refs, keys, timestamps, panes } = this.columns;
    return new Batch(refs, keys, timestamps, windows, panes, this.bytes);
  }

  /** Elements `from` (inclusive) to `to` (exclusive), sharing the references. */
  slice(from: number, to: number): Batch {
    if (from === 0 && to === this.count) return this;
    const { refs, keys, timestamps, windows, panes } = this.columns;
    const share = refs.length === 0 ? 0 : (to - from) / refs.length;
    return new Batch(
      refs.slice(from, to),
      keys?.slice(from, to),
      cut(timestamps, from, to),
      cut(windows, from, to),
      cut(panes, from, to),
      Math.ceil(this.bytes * share),
    );
  }
}

/** A batch whose columns are kept elsewhere and fetched whenever they are asked for. */
export class StoredBatch extends Batch {
  readonly #count: number;
  readonly #minTimestamp: Instant;
  readonly #windows: Column<WindowSet>;

  /** @param batch What is kept: its count, earliest timestamp and windows stay at hand. `load` brings back the rest. */
  constructor(
    batch: Batch,
    readonly load: () => Batch,
  ) {
    super([], undefined, [], [], [], batch.bytes);
    this.#count = batch.count;
    this.#minTimestamp = batch.minTimestamp;
    this.#windows = batch.windows;
  }

  override get columns(): Columns {
    return this.load().columns;
  }

  override get residentBytes(): number {
    return 0;
  }

  override get count(): number {
    return this.#count;
  }

  override get minTimestamp(): Instant {
    return this.#minTimestamp;
  }

  override get windows(): Column<WindowSet> {
    return this.#windows;
  }
}

/** Writes batches of one PCollection as bytes, and reads them back: for spilling, storing and for other processes. */
export interface BatchCodec {
  encode(batch: Batch): Uint8Array;
  /** @throws GirderError `malformed-data` */
  decode(bytes: Uint8Array): Batch;
  /**
   * Elements that were each written as if it stood alone (in outer context), in the global window. Not there where elements are
   * read only as they are written beside others.
   *
   * @throws GirderError `malformed-data`
   */
  decodeAlone?(elements: readonly { readonly bytes: Uint8Array; readonly timestamp: Instant }[]): Batch;
  /** Writes values of one key, of keyed batches: references only. */
  encodeValues(refs: readonly unknown[]): Uint8Array;
  /** @throws GirderError `malformed-data` */
  decodeValues(bytes: Uint8Array): unknown[];
}

/**
 * Elements travel between a runner and whoever runs a stage in batches: columns side by side.
 *
 * To the engine the elements themselves are opaque references. It reads the columns it schedules by (timestamp, windows,
 * pane, key identity), cuts batches and passes them on; it never looks into `refs`. A column whose entries are all the
 * same holds that one entry instead of an array, which is what most batches of a batch job have.
 *
 * A batch is immutable once it has left its producer.
 */
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

export class Batch {
  /** Memo of {@link minTimestamp}. */
  #minTimestamp: Instant | undefined;

  /**
   * @param refs One reference an element. In a keyed batch (`keys` is there) the reference is to the value alone; in a
   *   grouped batch it is an `Iterable` of the references of the key's values.
   * @param bytes Estimated size of the elements in bytes, for memory budgets; not what an encoding would come to exactly.
   */
  constructor(
    readonly refs: readonly unknown[],
    readonly keys: readonly KeyIdentity[] | undefined,
    readonly timestamps: Column<Instant>,
    readonly windows: Column<WindowSet>,
    readonly panes: Column<PaneInfo>,
    readonly bytes: number,
  ) {}

  /** Number of elements. */
  get count(): number {
    return this.refs.length;
  }

  /** The earliest timestamp, {@link MAX_TIMESTAMP} for an empty batch. */
  get minTimestamp(): Instant {
    if (this.#minTimestamp === undefined) {
      let min = MAX_TIMESTAMP;
      if ("all" in this.timestamps) min = this.count > 0 ? this.timestamps.all : min;
      else for (const timestamp of this.timestamps) if (timestamp < min) min = timestamp;
      this.#minTimestamp = min;
    }
    return this.#minTimestamp;
  }

  /** The elements at the given positions, in that order, sharing the references. */
  select(positions: readonly number[]): Batch {
    const pick = <T>(column: Column<T>): Column<T> => ("all" in column ? column : positions.map((i) => column[i]!));
    return new Batch(
      positions.map((i) => this.refs[i]),
      this.keys && positions.map((i) => this.keys![i]!),
      pick(this.timestamps),
      pick(this.windows),
      pick(this.panes),
      this.count === 0 ? 0 : Math.ceil((this.bytes * positions.length) / this.count),
    );
  }

  /** Elements `from` (inclusive) to `to` (exclusive), sharing the references. */
  slice(from: number, to: number): Batch {
    if (from === 0 && to === this.count) return this;
    const share = this.count === 0 ? 0 : (to - from) / this.count;
    return new Batch(
      this.refs.slice(from, to),
      this.keys?.slice(from, to),
      cut(this.timestamps, from, to),
      cut(this.windows, from, to),
      cut(this.panes, from, to),
      Math.ceil(this.bytes * share),
    );
  }
}

/** Writes batches of one PCollection as bytes, and reads them back: for spilling, storing and for other processes. */
export interface BatchCodec {
  encode(batch: Batch): Uint8Array;
  /** @throws GirderError `malformed-data` */
  decode(bytes: Uint8Array): Batch;
}

/** Gathers the elements of a PCollection that leaves its stage into batches. */

import type { KV } from "../../portability/coders/kv-coder.js";
import { Batch, type Column, type WindowSet } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { OutputMeter } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import { estimateSize } from "./estimate-size.js";

/** Elements in a batch, at most: larger ones leave the processor's cache before they are grouped. */
const BATCH_SIZE = 4096;
/** Estimated bytes in a batch, about, if a single element does not take more. */
const BATCH_BYTES = 1 << 20;
/** One element in so many is measured to estimate a batch's bytes. */
const SAMPLE = 512;

/** Appends what it is given, with the cursor's timestamp, windows and pane; a column stays a constant while all are equal. */
export class BatchBuilder {
  #count = 0;
  #refs: unknown[] = new Array(BATCH_SIZE);
  #keys: KeyIdentity[] | undefined;
  #timestamp: Instant;
  #windows: WindowSet;
  #pane: PaneInfo;
  /** Whether timestamps, windows or panes are columns. */
  #varies = false;
  #timestamps: Instant[] | undefined;
  #windowSets: WindowSet[] | undefined;
  #panes: PaneInfo[] | undefined;
  #batches: Batch[] = [];
  #sampled = 0;
  #samples = 0;
  /** Elements at which the batch in hand is full, as far as is known. */
  #limit = BATCH_SIZE;

  /** @param identity Makes key identities, where the PCollection is grouped: its elements are then taken for KVs. */
  constructor(
    readonly identity: ((key: unknown) => KeyIdentity) | undefined,
    /** Is told the estimated bytes of each batch. */
    readonly meter: OutputMeter,
  ) {
    this.#keys = identity && new Array(BATCH_SIZE);
    this.#timestamp = 0;
    this.#windows = [];
    this.#pane = undefined as unknown as PaneInfo;
  }

  append(value: unknown, cursor: Cursor): void {
    if (this.#keys !== undefined) {
      const { key, value: held } = value as KV<unknown, unknown>;
      this.appendKeyed(key, held, cursor);
      return;
    }
    const at = this.#place(cursor);
    this.#refs[at] = value;
    if (at % SAMPLE === 0) this.#sample(value);
    if (at + 1 >= this.#limit) this.#flush();
  }

  /** Appends a KV in its parts, to a builder that makes key identities. */
  appendKeyed(key: unknown, value: unknown, cursor: Cursor): void {
    const at = this.#place(cursor);
    this.#keys![at] = this.identity!(key);
    this.#refs[at] = value;
    if (at % SAMPLE === 0) this.#sample({ key, value });
    if (at + 1 >= this.#limit) this.#flush();
  }

  /** Where in the batch the next element stands; all of it but the element is there then. */
  #place(cursor: Cursor): number {
    const at = this.#count++;
    if (at === 0) {
      this.#timestamp = cursor.timestamp;
      this.#windows = cursor.windows;
      this.#pane = cursor.pane;
    } else if (
      this.#varies ||
      cursor.timestamp !== this.#timestamp ||
      cursor.windows !== this.#windows ||
      cursor.pane !== this.#pane
    ) {
      this.#vary(at, cursor);
    }
    return at;
  }

  /** Adds to the columns that are no constants, or no longer. */
  #vary(count: number, cursor: Cursor): void {
    this.#varies = true;
    if (this.#timestamps !== undefined) this.#timestamps.push(cursor.timestamp);
    else if (cursor.timestamp !== this.#timestamp) this.#timestamps = spread(this.#timestamp, count, cursor.timestamp);
    if (this.#windowSets !== undefined) this.#windowSets.push(cursor.windows);
    else if (cursor.windows !== this.#windows) this.#windowSets = spread(this.#windows, count, cursor.windows);
    if (this.#panes !== undefined) this.#panes.push(cursor.pane);
    else if (cursor.pane !== this.#pane) this.#panes = spread(this.#pane, count, cursor.pane);
  }

  #sample(element: unknown): void {
    this.#sampled += estimateSize(element);
    this.#samples++;
    this.#limit = Math.min(BATCH_SIZE, Math.ceil((BATCH_BYTES * this.#samples) / Math.max(1, this.#sampled)));
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    this.#refs.length = count;
    if (this.#keys !== undefined) this.#keys.length = count;
    const column = <T>(all: T, each: T[] | undefined): Column<T> => each ?? { all };
    const bytes = Math.ceil((this.#sampled / this.#samples) * count);
    this.meter.bytes += bytes;
    this.#batches.push(
      new Batch(
        this.#refs,
        this.#keys,
        column(this.#timestamp, this.#timestamps),
        column(this.#windows, this.#windowSets),
        column(this.#pane, this.#panes),
        bytes,
      ),
    );
    this.#count = 0;
    this.#refs = new Array(BATCH_SIZE);
    this.#keys = this.#keys && new Array(BATCH_SIZE);
    this.#varies = false;
    this.#timestamps = undefined;
    this.#windowSets = undefined;
    this.#panes = undefined;
    this.#sampled = 0;
    this.#samples = 0;
  }

  /** The batches gathered since the last call. */
  take(): Batch[] {
    this.#flush();
    const batches = this.#batches;
    this.#batches = [];
    return batches;
  }
}

/** A column of `count` times `all`, then `last`. */
function spread<T>(all: T, count: number, last: T): T[] {
  const column = new Array<T>(count).fill(all);
  column.push(last);
  return column;
}

/**
 * Encoded values by encoded key: an open-addressing hash over the bytes of keys, and columns of offsets into the chunks that
 * hold keys and values. A list runs through the values of each key. Nothing is copied, and there is no object for a value
 * or a key: a million of them cost some 16 bytes each.
 */
import { Batch, type ByteStore, type Column, type Columns } from "../../../portability/execution/batch.js";
import type { Groups } from "../../../portability/execution/groups.js";
import type { PaneInfo } from "../../../portability/execution/pane.js";
import type { Instant } from "../../../portability/execution/time.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import type { ElementWriter } from "./element-writer.js";
import type { EncodedBatch } from "./encoded-batch.js";
import { EncodedValue } from "./encoded-value.js";
import { LARGE, type PagedValues } from "./large-values.js";
import { GroupStorage, type SharedColumns, StoredGroupBatch, type StoredGroupValues } from "./stored-group.js";

/** Bytes of a batch of groups, about, but for a single group. */
const BATCH_BYTES = 1 << 20;
/** There may be many windows with few values. */
const FIRST = 16;
/** Ends a list. Indices of values begin at 1. */
const NONE = 0;

type Offsets = Uint32Array<ArrayBuffer>;

export class EncodedGroups implements Groups {
  readonly #chunks: Buffer[] = [];
  readonly #chunkIndices = new Map<Buffer, number>();
  /** Index of a key plus one, 0 where there is none; as many as a power of two. */
  #slots: Offsets = new Uint32Array(FIRST * 2);
  #size = 0;
  /** Of each key: its bytes, their hash, its first and last value, how many it has and of how many bytes. */
  #keyChunk: Offsets = new Uint32Array(FIRST);
  #keyStart: Offsets = new Uint32Array(FIRST);
  #keyEnd: Offsets = new Uint32Array(FIRST);
  #hash: Offsets = new Uint32Array(FIRST);
  #first: Offsets = new Uint32Array(FIRST);
  #last: Offsets = new Uint32Array(FIRST);
  #count: Offsets = new Uint32Array(FIRST);
  #bytes = new Float64Array(FIRST);
  /** Of each value: its bytes, and the next value of its key. */
  #values = 1;
  #valueChunk: Offsets = new Uint32Array(FIRST);
  #valueStart: Offsets = new Uint32Array(FIRST);
  #valueEnd: Offsets = new Uint32Array(FIRST);
  #next: Offsets = new Uint32Array(FIRST);

  get size(): number {
    return this.#size;
  }

  /** The runner makes batches itself, too: of groups, which may be grouped again. */
  takes(batch: Batch): boolean {
    return "extents" in batch;
  }

  addAll(batch: Batch): void {
    const { count } = batch;
    for (let i = 0; i < count; i++) this.add(batch, i);
  }

  add(batch: Batch, i: number): void {
    const { chunk, extents } = batch as EncodedBatch;
    const { bounds, values, keyEnds } = extents;
    const at = this.#chunkIndex(chunk);
    const start = keyEnds![i]!;
    const end = bounds[i + 1]!;
    const key = this.#keyOf(chunk, at, values[i]!, start);
    if (this.#values === this.#next.length) this.#growValues();
    const value = this.#values++;
    this.#valueChunk[value] = at;
    this.#valueStart[value] = start;
    this.#valueEnd[value] = end;
    if (this.#count[key] === 0) this.#first[key] = value;
    else this.#next[this.#last[key]!] = value;
    this.#last[key] = value;
    this.#count[key]!++;
    this.#bytes[key]! += end - start;
  }

  #lastChunk: Buffer | undefined;
  #lastIndex = 0;

  #chunkIndex(chunk: Buffer): number {
    if (chunk === this.#lastChunk) return this.#lastIndex;
    let index = this.#chunkIndices.get(chunk);
    if (index === undefined) {
      index = this.#chunks.push(chunk) - 1;
      this.#chunkIndices.set(chunk, index);
    }
    this.#lastChunk = chunk;
    this.#lastIndex = index;
    return index;
  }

  /** The index of the key in `chunk[start, end)`, which is new if it has not been seen. */
  #keyOf(chunk: Buffer, chunkIndex: number, start: number, end: number): number {
    let hash = end - start;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ chunk[i]!, 0x01000193);
    hash = (hash ^ (hash >>> 15)) >>> 0;
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let held = this.#slots[slot]!; held !== 0; held = this.#slots[slot]!) {
      if (this.#hash[held - 1] === hash && this.#isKey(held - 1, chunk, start, end)) return held - 1;
      slot = (slot + 1) & mask;
    }
    if (this.#size === this.#hash.length) this.#growKeys();
    const key = this.#size++;
    this.#keyChunk[key] = chunkIndex;
    this.#keyStart[key] = start;
    this.#keyEnd[key] = end;
    this.#hash[key] = hash;
    this.#slots[slot] = key + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return key;
  }

  #isKey(key: number, chunk: Buffer, start: number, end: number): boolean {
    const held = this.#chunks[this.#keyChunk[key]!]!;
    const from = this.#keyStart[key]!;
    if (this.#keyEnd[key]! - from !== end - start) return false;
    for (let i = start, j = from; i < end; i++, j++) if (chunk[i] !== held[j]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let key = 0; key < this.#size; key++) {
      let slot = this.#hash[key]! & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = key + 1;
    }
  }

  #growKeys(): void {
    this.#keyChunk = doubled(this.#keyChunk);
    this.#keyStart = doubled(this.#keyStart);
    this.#keyEnd = doubled(this.#keyEnd);
    this.#hash = doubled(this.#hash);
    this.#first = doubled(this.#first);
    this.#last = doubled(this.#last);
    this.#count = doubled(this.#count);
    const bytes = new Float64Array(this.#bytes.length * 2);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }

  #growValues(): void {
    this.#valueChunk = doubled(this.#valueChunk);
    this.#valueStart = doubled(this.#valueStart);
    this.#valueEnd = doubled(this.#valueEnd);
    this.#next = doubled(this.#next);
  }

  emit(timestamp: Instant, window: InternedWindow, pane: PaneInfo): Batch[] {
    const batches: Batch[] = [];
    for (let from = 0; from < this.#size; ) {
      let bytes = 0;
      let to = from;
      while (to < this.#size && bytes < BATCH_BYTES) bytes += this.bytesOf(to++);
      const keys = new Uint32Array(to - from);
      for (let i = 0; i < keys.length; i++) keys[i] = from + i;
      batches.push(new EncodedGroupBatch(this, keys, { all: timestamp }, { all: window }, { all: pane }, bytes));
      from = to;
    }
    return batches;
  }

  /** About how many bytes a group takes, encoded. */
  bytesOf(key: number): number {
    return this.#keyEnd[key]! - this.#keyStart[key]! + 4 + this.#bytes[key]!;
  }

  /** Writes a key and the iterable of its values. */
  write(key: number, writer: ElementWriter): void {
    writer.reserve(this.bytesOf(key));
    this.writeKey(key, writer);
    writer.count(this.#count[key]!);
    for (let value = this.#first[key]!; value !== NONE; value = this.#next[value]!) {
      writer.copy(this.#chunks[this.#valueChunk[value]!]!, this.#valueStart[value]!, this.#valueEnd[value]!);
    }
  }

  /** Writes a key alone. */
  writeKey(key: number, writer: ElementWriter): void {
    writer.copy(this.#chunks[this.#keyChunk[key]!]!, this.#keyStart[key]!, this.#keyEnd[key]!);
  }

  /** The values of a key, to be written in parts. Each is named by its number among all values. */
  valuesOf(key: number): PagedValues {
    return {
      page: (from, writer, bytes) => {
        const end = writer.length + bytes;
        let value = from === 0 ? this.#first[key]! : from;
        for (; value !== NONE && writer.length < end; value = this.#next[value]!) {
          writer.copy(this.#chunks[this.#valueChunk[value]!]!, this.#valueStart[value]!, this.#valueEnd[value]!);
        }
        return value;
      },
    };
  }

  /** Copies the values of a key into a store. */
  storeValues(key: number, store: ByteStore): StoredGroupValues {
    const storage = new GroupStorage(store);
    for (let value = this.#first[key]!; value !== NONE; value = this.#next[value]!) {
      storage.add(this.#chunks[this.#valueChunk[value]!]!, this.#valueStart[value]!, this.#valueEnd[value]!);
    }
    return storage.finish();
  }

  /** The bytes of a key, which keep nothing else. */
  keyOf(key: number): Buffer {
    return Buffer.from(this.#chunks[this.#keyChunk[key]!]!.subarray(this.#keyStart[key], this.#keyEnd[key]));
  }

  identityOf(key: number): string {
    return this.#chunks[this.#keyChunk[key]!]!.toString("latin1", this.#keyStart[key], this.#keyEnd[key]);
  }

  refsOf(key: number): EncodedValue[] {
    const refs: EncodedValue[] = [];
    for (let value = this.#first[key]!; value !== NONE; value = this.#next[value]!) {
      const chunk = this.#chunks[this.#valueChunk[value]!]!;
      refs.push(new EncodedValue(chunk, this.#valueStart[value]!, this.#valueEnd[value]!));
    }
    return refs;
  }

  *entries(): Generator<readonly [string, unknown[]]> {
    for (let key = 0; key < this.#size; key++) yield [this.identityOf(key), this.refsOf(key)];
  }

  copy(): EncodedGroups {
    const copy = new EncodedGroups();
    copy.#chunks.push(...this.#chunks);
    for (const [chunk, index] of this.#chunkIndices) copy.#chunkIndices.set(chunk, index);
    copy.#slots = this.#slots.slice();
    copy.#size = this.#size;
    copy.#keyChunk = this.#keyChunk.slice();
    copy.#keyStart = this.#keyStart.slice();
    copy.#keyEnd = this.#keyEnd.slice();
    copy.#hash = this.#hash.slice();
    copy.#first = this.#first.slice();
    copy.#last = this.#last.slice();
    copy.#count = this.#count.slice();
    copy.#bytes = this.#bytes.slice();
    copy.#values = this.#values;
    copy.#valueChunk = this.#valueChunk.slice();
    copy.#valueStart = this.#valueStart.slice();
    copy.#valueEnd = this.#valueEnd.slice();
    copy.#next = this.#next.slice();
    return copy;
  }
}

function doubled(column: Offsets): Offsets {
  const grown = new Uint32Array(column.length * 2);
  grown.set(column);
  return grown;
}

/** Some of the groups, as a grouped batch. */
export class EncodedGroupBatch extends Batch {
  readonly shared: SharedColumns;

  /** @param keys Indices of keys in `groups`. */
  constructor(
    readonly groups: EncodedGroups,
    readonly keys: Uint32Array,
    timestamps: { readonly all: Instant },
    windows: { readonly all: InternedWindow },
    panes: { readonly all: PaneInfo },
    bytes: number,
  ) {
    super([], undefined, timestamps, windows, panes, bytes);
    this.shared = { timestamps, windows, panes };
  }

  override get count(): number {
    return this.keys.length;
  }

  override get columns(): Columns {
    const keys = Array.from(this.keys, (key) => this.groups.identityOf(key));
    const refs = Array.from(this.keys, (key) => this.groups.refsOf(key));
    return { refs, keys, ...this.shared };
  }

  /** A large group is written piece by piece. */
  override stored(store: ByteStore): Batch | undefined {
    if (this.keys.length !== 1 || this.bytes < LARGE) return undefined;
    const key = this.keys[0]!;
    const values = this.groups.storeValues(key, store);
    return new StoredGroupBatch(this.groups.keyOf(key), values, this.shared, this.bytes);
  }

  override get timestamps(): Column<Instant> {
    return this.shared.timestamps;
  }

  override get windows(): Column<InternedWindow> {
    return this.shared.windows;
  }

  override slice(from: number, to: number): Batch {
    return from === 0 && to === this.count ? this : this.#of(this.keys.subarray(from, to));
  }

  override select(positions: readonly number[]): Batch {
    return this.#of(Uint32Array.from(positions, (i) => this.keys[i]!));
  }

  #of(keys: Uint32Array): EncodedGroupBatch {
    const { timestamps, windows, panes } = this.shared;
    const bytes = keys.reduce((sum, key) => sum + this.groups.bytesOf(key), 0);
    return new EncodedGroupBatch(this.groups, keys, timestamps, windows, panes, bytes);
  }
}

/** Elements of one PCollection on the data stream: `beam:coder:windowed_value:v1`, one after another. */
import { ByteReader } from "../../../portability/coders/byte-reader.js";
import { readPane } from "../../../portability/coders/pane-coder.js";
import type { Batch, BatchCodec, Column, WindowSet } from "../../../portability/execution/batch.js";
import type { PaneInfo } from "../../../portability/execution/pane.js";
import type { Instant } from "../../../portability/execution/time.js";
import { ROOM } from "../../../portability/fn-api/room.js";
import { StandardCoders } from "../../../portability/urns.js";
import { ElementWriter } from "./element-writer.js";
import { EncodedBatch } from "./encoded-batch.js";
import { EncodedGroupBatch } from "./encoded-groups.js";
import { EncodedValue } from "./encoded-value.js";
import { readInstant } from "./instants.js";
import { KeyIdentities } from "./key-identities.js";
import { IteratedValues, LARGE, type LargeValues } from "./large-values.js";
import { isTruncation, readVarint, type Skip, skipPane, skipVarint, truncated } from "./skip.js";
import { StoredGroupBatch } from "./stored-group.js";
import type { WindowCodec } from "./window-codec.js";
import type { WireCoders } from "./wire-coders.js";

const NOTHING = new Uint8Array();
type Offsets = Uint32Array<ArrayBuffer>;

/** Timestamp, number of windows, first byte of the pane. */
const LEAST_HEADER = 8 + 4 + 1;
/** Timestamp, windows and pane of most elements, in bytes. */
const HEADER = 32;
/** The length of a value as a varint, in bytes, at most. */
const LENGTH = 5;
/** Bytes of a message to a worker, about: larger ones cost memory, smaller ones time. */
const FRAME = 256 * 1024;
/** Bytes that a value is taken for which is not encoded yet. */
const LEAST_VALUE = 16;

export class ElementCodec implements BatchCodec {
  readonly #key: Skip | undefined;
  readonly #value: Skip;
  readonly #keys: KeyIdentities | undefined;
  /** Offsets of the chunk that is being read; kept from chunk to chunk. */
  #bounds = new Uint32Array(256);
  #values = new Uint32Array(256);
  #keyEnds = new Uint32Array(256);
  /** Where the element begins that was read last. */
  #begun = 0;

  /**
   * @param coder Id of the elements' coder on the wire.
   * @param keyed Whether elements are pairs that somebody groups.
   */
  constructor(
    coders: WireCoders,
    coder: string,
    readonly windows: WindowCodec,
    keyed: boolean,
  ) {
    const isPair = coders.urn(coder) === StandardCoders.Enum.KV;
    const [key, value] = isPair ? coders.components(coder) : [];
    this.#key = key === undefined ? undefined : coders.skip(key);
    this.#value = coders.skip(value ?? coder);
    this.#keys = keyed && isPair ? new KeyIdentities() : undefined;
  }

  /**
   * The whole elements of a message, and the beginning of one that goes on in the next: Python's worker, which flushes its
   * buffer by a clock of its own, may do so in the middle of an element.
   *
   * @throws GirderError `malformed-data`
   */
  decodePart(message: Uint8Array): { readonly batch: EncodedBatch | undefined; readonly rest: Uint8Array } {
    try {
      return { batch: this.decode(message), rest: NOTHING };
    } catch (thrown) {
      if (!isTruncation(thrown)) throw thrown;
      const whole = this.#begun;
      return {
        batch: whole === 0 ? undefined : this.decode(message.subarray(0, whole)),
        rest: message.subarray(whole),
      };
    }
  }

  /** The elements of a message, which are views of it. @throws GirderError `malformed-data` */
  decode(message: Uint8Array): EncodedBatch {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
    const skipKey = this.#key;
    const skipValue = this.#value;
    const timestamps = new ColumnBuilder<Instant>();
    const windows = new ColumnBuilder<WindowSet>();
    const panes = new ColumnBuilder<PaneInfo>();
    let timestamp: Instant = 0;
    let windowSet!: WindowSet;
    let pane!: PaneInfo;
    let header = 0;
    let previous = 0;
    let count = 0;
    for (let at = 0; at < bytes.length; count++) {
      if (count + 1 >= this.#bounds.length) this.#grow();
      this.#begun = at;
      this.#bounds[count] = at;
      if (count === 0 || !sameRest(bytes, previous, at, header)) {
        if (at + LEAST_HEADER > bytes.length) throw truncated(at);
        const paneAt = this.windows.skipSet(bytes, at + 8);
        const valueAt = skipPane(bytes, paneAt);
        if (valueAt > bytes.length) throw truncated(at);
        timestamp = readInstant(bytes, at);
        windowSet = this.windows.readSet(bytes, at + 8);
        pane = readPane(new ByteReader(bytes, paneAt, valueAt));
        header = valueAt - at;
      } else if (!sameInstant(bytes, previous, at)) timestamp = readInstant(bytes, at);
      timestamps.add(timestamp);
      windows.add(windowSet);
      panes.add(pane);
      const start = at + header;
      this.#values[count] = start;
      previous = at;
      if (skipKey === undefined) at = skipValue(bytes, start);
      else {
        const keyEnd = skipKey(bytes, start);
        this.#keyEnds[count] = keyEnd;
        if (keyEnd > bytes.length) throw truncated(previous);
        at = skipValue(bytes, keyEnd);
      }
      if (at > bytes.length) throw truncated(previous);
    }
    this.#bounds[count] = bytes.length;
    const extents = {
      bounds: this.#bounds.slice(0, count + 1),
      values: this.#values.slice(0, count),
      keyEnds: skipKey && this.#keyEnds.slice(0, count),
    };
    return new EncodedBatch(bytes, extents, timestamps.column, windows.column, panes.column, this.#keys);
  }

  #grow(): void {
    const larger = (column: Offsets): Offsets => {
      const grown = new Uint32Array(column.length * 4);
      grown.set(column);
      return grown;
    };
    this.#bounds = larger(this.#bounds);
    this.#values = larger(this.#values);
    this.#keyEnds = larger(this.#keyEnds);
  }

  /**
   * The elements of a batch as messages of moderate size, made one by one.
   *
   * @param large Takes the values of large groups, for a worker that asks for them. Default: all are in the messages.
   */
  *frames(batch: Batch, large?: LargeValues): Generator<Buffer, void, undefined> {
    if (batch instanceof EncodedBatch && batch.verbatim) {
      yield* forwarded(batch);
      return;
    }
    if (batch instanceof EncodedGroupBatch) {
      const { timestamps, windows, panes } = batch.shared;
      const writer = new ElementWriter(Math.min(FRAME, batch.bytes + batch.count * HEADER), ROOM);
      for (const key of batch.keys) {
        writer.header(timestamps.all, windows.all, panes.all);
        if (large !== undefined && batch.groups.bytesOf(key) >= LARGE) {
          batch.groups.writeKey(key, writer);
          large.write(batch.groups.valuesOf(key), writer);
        } else batch.groups.write(key, writer);
        if (writer.length >= FRAME) yield writer.take();
      }
      if (writer.length > 0) yield writer.take();
      return;
    }
    if (batch instanceof StoredGroupBatch) {
      const { timestamps, windows, panes } = batch.shared;
      const writer = new ElementWriter(large === undefined ? batch.bytes + HEADER : HEADER, ROOM);
      writer.header(timestamps.all, windows.all, panes.all);
      writer.bytes(batch.key);
      if (large === undefined) batch.values.write(writer);
      else large.write(batch.values, writer);
      yield writer.take();
      return;
    }
    const { refs, keys, timestamps, windows, panes } = batch.columns;
    const writer = new ElementWriter(Math.min(FRAME, batch.bytes + refs.length * HEADER), ROOM);
    for (let i = 0; i < refs.length; i++) {
      writer.header(at(timestamps, i), at(windows, i), at(panes, i));
      if (keys !== undefined) writer.key(keys[i]!);
      const ref = refs[i];
      if (large !== undefined && isGroup(ref) && isLarge(ref)) large.write(new IteratedValues(ref), writer);
      else writer.value(ref);
      if (writer.length >= FRAME) yield writer.take();
    }
    if (writer.length > 0) yield writer.take();
  }

  encode(batch: Batch): Uint8Array {
    return Buffer.concat([...this.frames(batch)]);
  }

  encodeValues(refs: readonly unknown[]): Uint8Array {
    const values = refs.map((ref) => {
      if (ref instanceof EncodedValue) return ref;
      // A group, which is to be grouped again.
      const writer = new ElementWriter(LENGTH);
      writer.value(ref);
      const bytes = writer.take();
      return new EncodedValue(bytes, 0, bytes.length);
    });
    const writer = new ElementWriter(values.reduce((sum, { start, end }) => sum + end - start + LENGTH, 0));
    for (const value of values) {
      writer.varint(value.end - value.start);
      writer.value(value);
    }
    return writer.take();
  }

  decodeValues(bytes: Uint8Array): unknown[] {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const refs: EncodedValue[] = [];
    for (let at = 0; at < buffer.length; ) {
      const start = skipVarint(buffer, at);
      at = start + readVarint(buffer, at);
      if (at > buffer.length) throw truncated(start);
      refs.push(new EncodedValue(buffer, start, at));
    }
    return refs;
  }
}

/** Whether a reference is to the values of a group. */
function isGroup(ref: unknown): ref is Iterable<unknown> {
  return !(ref instanceof EncodedValue || ref instanceof Uint8Array);
}

function isLarge(group: Iterable<unknown>): boolean {
  let bytes = 0;
  for (const value of group) {
    // Groups within groups are not looked into: their bytes were counted when they were made one value.
    bytes += value instanceof EncodedValue ? value.end - value.start : LEAST_VALUE;
    if (bytes >= LARGE) return true;
  }
  return false;
}

function at<T>(column: Column<T>, i: number): T {
  return "all" in column ? column.all : column[i]!;
}

/** Cuts a batch between elements, without copying. */
function* forwarded(batch: EncodedBatch): Generator<Buffer, void, undefined> {
  const { bounds } = batch.extents;
  const { chunk } = batch;
  let from = bounds[0]!;
  for (let i = 1; i < bounds.length; i++) {
    const to = bounds[i]!;
    if (to - from < FRAME && i < bounds.length - 1) continue;
    yield chunk.subarray(from, to);
    from = to;
  }
}

/** Whether windows and pane of the element at `at` are, byte for byte, those of the one at `previous`. */
function sameRest(bytes: Buffer, previous: number, at: number, header: number): boolean {
  if (at + header > bytes.length) return false;
  for (let i = 8; i < header; i++) if (bytes[previous + i] !== bytes[at + i]) return false;
  return true;
}

function sameInstant(bytes: Buffer, previous: number, at: number): boolean {
  for (let i = 7; i >= 0; i--) if (bytes[previous + i] !== bytes[at + i]) return false;
  return true;
}

/** A column that is one entry for as long as all are the same. */
class ColumnBuilder<T> {
  #all!: T;
  #count = 0;
  #each: T[] | undefined;

  add(entry: T): void {
    if (this.#each !== undefined) this.#each.push(entry);
    else if (this.#count === 0) this.#all = entry;
    else if (entry !== this.#all) {
      this.#each = new Array<T>(this.#count).fill(this.#all);
      this.#each.push(entry);
    }
    this.#count++;
  }

  get column(): Column<T> {
    return this.#each ?? { all: this.#all };
  }
}

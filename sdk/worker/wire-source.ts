/** Elements as they come on the data stream, one after another, decoded into batches. */
import { ByteReader, type Coder, readHeader, type WindowedValueCoder } from "../../portability/coders/index.js";
import { readInstant } from "../../portability/coders/instant.js";
import { GirderError } from "../../portability/errors.js";
import { Batch, type Column, type WindowSet } from "../../portability/execution/batch.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { BoundedWindow, InternedWindow } from "../../portability/execution/window.js";
import { paneWith } from "../harness/value-kind-metadata.js";

/** Elements in a batch, at most: more would leave the processor's cache before they are processed. */
export const BATCH = 1024;
/** Bytes of a timestamp. */
const TIMESTAMP = 8;

const NOTHING = new Uint8Array();

/** The stream of one source in one bundle. */
export class WireSource {
  readonly #value: Coder<unknown>;
  readonly #window: Coder<BoundedWindow>;
  /** The beginning of an element that goes on in the next message. */
  #rest: Uint8Array = NOTHING;
  /** The header read last: its bytes behind the timestamp, and what they say. */
  #header: Uint8Array = NOTHING;
  #timestamp: Instant = 0;
  #windows: WindowSet = [];
  #pane!: PaneInfo;

  constructor(
    readonly transform: string,
    coder: WindowedValueCoder<unknown>,
    readonly intern: (window: BoundedWindow) => InternedWindow,
  ) {
    this.#value = coder.value;
    this.#window = coder.window;
  }

  /**
   * The elements of a message, a batch at a time.
   *
   * @param isLast whether no message follows, so that all elements must be whole.
   * @throws GirderError `malformed-data`
   */
  *decode(message: Uint8Array, isLast: boolean): Generator<Batch, void, undefined> {
    const bytes = this.#rest.length === 0 ? message : Buffer.concat([this.#rest, message]);
    this.#rest = NOTHING;
    const input = new ByteReader(bytes);
    while (input.remaining > 0 && this.#rest.length === 0) {
      const batch = this.#batch(bytes, input, isLast);
      if (batch.count > 0) yield batch;
    }
  }

  #batch(bytes: Uint8Array, input: ByteReader, isLast: boolean): Batch {
    const refs: unknown[] = [];
    const timestamps = new ColumnBuilder<Instant>();
    const windows = new ColumnBuilder<WindowSet>();
    const panes = new ColumnBuilder<PaneInfo>();
    const begin = input.position;
    let start = begin;
    try {
      while (input.remaining > 0 && refs.length < BATCH) {
        start = input.position;
        this.#readHeader(bytes, input);
        // Nothing of the element is kept unless it is whole.
        refs.push(this.#value.decode(input, true));
        timestamps.add(this.#timestamp);
        windows.add(this.#windows);
        panes.add(this.#pane);
      }
    } catch (thrown) {
      if (isLast || !(thrown instanceof GirderError) || thrown.code !== "malformed-data") throw this.#located(thrown);
      this.#rest = bytes.subarray(start);
    }
    return new Batch(refs, undefined, timestamps.column, windows.column, panes.column, start - begin);
  }

  /** Reads timestamp, windows and pane; most elements have those of the one before. */
  #readHeader(bytes: Uint8Array, input: ByteReader): void {
    const at = input.position;
    const header = this.#header;
    const rest = at + TIMESTAMP;
    if (header.length > 0 && rest + header.length <= bytes.length) {
      let i = 0;
      while (i < header.length && bytes[rest + i] === header[i]) i++;
      if (i === header.length) {
        this.#timestamp = readInstant(input);
        input.position = rest + header.length;
        return;
      }
    }
    const { timestamp, windows, pane, metadata } = readHeader(this.#window, input);
    const interned = windows.map(this.intern);
    this.#timestamp = timestamp;
    this.#windows = interned.length === 1 ? interned[0]! : interned;
    this.#pane = paneWith(pane, metadata);
    // Metadata are an element's own.
    this.#header = metadata === undefined ? bytes.slice(rest, input.position) : NOTHING;
  }

  /** The end of the stream. @throws GirderError `malformed-data` where an element is not whole. */
  end(): void {
    for (const _ of this.decode(NOTHING, true));
  }

  #located(thrown: unknown): unknown {
    if (!(thrown instanceof GirderError)) return thrown;
    const { code, what, cause } = thrown;
    return new GirderError(code, what, { where: this.transform, ...(cause === undefined ? {} : { cause }) });
  }
}

/** A column that stays a constant while all of its entries are equal. */
class ColumnBuilder<T> {
  #count = 0;
  #all: T | undefined;
  #each: T[] | undefined;

  add(entry: T): void {
    if (this.#each !== undefined) this.#each.push(entry);
    else if (this.#count === 0) this.#all = entry;
    else if (entry !== this.#all) {
      this.#each = new Array<T>(this.#count).fill(this.#all as T);
      this.#each.push(entry);
    }
    this.#count++;
  }

  get column(): Column<T> {
    return this.#each ?? { all: this.#all as T };
  }
}

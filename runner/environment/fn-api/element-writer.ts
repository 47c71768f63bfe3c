/** Writes elements of a batch into messages. */
import { ByteWriter } from "../../../portability/coders/byte-writer.js";
import { writePane } from "../../../portability/coders/pane-coder.js";
import { forEachWindow, type WindowSet } from "../../../portability/execution/batch.js";
import type { KeyIdentity } from "../../../portability/execution/key-identity.js";
import type { PaneInfo } from "../../../portability/execution/pane.js";
import type { Instant } from "../../../portability/execution/time.js";
import { withRoom } from "../../../portability/fn-api/room.js";
import { EncodedValue } from "./encoded-value.js";
import { writeInstant } from "./instants.js";

/** Values in a block of an iterable whose length is not known beforehand. */
const BLOCK = 1024;

const NOTHING = Buffer.alloc(0);

export class ElementWriter {
  #bytes = NOTHING;
  #size = 0;
  /** The header written last, and what it says. */
  #header: Buffer = Buffer.alloc(0);
  #timestamp: Instant | undefined;
  #windows: WindowSet | undefined;
  #pane: PaneInfo | undefined;

  /**
   * @param capacity Bytes to reserve when there is something to write; the buffer doubles as needed.
   * @param room Bytes to leave free before what is written, for the header of a message ({@link withRoom}). Default: none.
   */
  constructor(
    readonly capacity: number,
    readonly room = 0,
  ) {
    this.#size = room;
  }

  get length(): number {
    return this.#size - this.room;
  }

  /** What has been written; from here on, something new is. */
  take(): Buffer {
    const { room } = this;
    const bytes = this.#size === room ? NOTHING : withRoom(this.#bytes, room, this.#size);
    this.#bytes = NOTHING;
    this.#size = room;
    return bytes;
  }

  /** Hands over what has been written, for as long as `use` lasts, and begins anew in the same memory. */
  drain<T>(use: (bytes: Buffer) => T): T {
    const result = use(this.#bytes.subarray(this.room, this.#size));
    this.#size = this.room;
    return result;
  }

  /** Timestamp, windows and pane of the element that follows. */
  header(timestamp: Instant, windows: WindowSet, pane: PaneInfo): void {
    if (windows !== this.#windows || pane !== this.#pane) {
      const count = Array.isArray(windows) ? windows.length : 1;
      const writer = new ByteWriter(32);
      writer.writeBytes(Buffer.alloc(8));
      writer.writeInt32BE(count);
      forEachWindow(windows, ({ key }) => writer.writeBytes(Buffer.from(key, "latin1")));
      writePane(pane, writer);
      this.#header = Buffer.from(writer.finish());
      this.#windows = windows;
      this.#pane = pane;
      this.#timestamp = undefined;
    }
    if (timestamp !== this.#timestamp) {
      writeInstant(this.#header, timestamp, 0);
      this.#timestamp = timestamp;
    }
    this.#reserve(this.#header.length);
    this.#size += this.#header.copy(this.#bytes, this.#size);
  }

  /** A key by its identity: its bytes as Latin-1. */
  key(identity: KeyIdentity): void {
    const key = identity as string;
    this.#reserve(key.length);
    this.#size += this.#bytes.write(key, this.#size, "latin1");
  }

  /** A reference: to a value's bytes, to the byte string that an impulse is, or to the values of a group, be they groups. */
  value(ref: unknown): void {
    if (ref instanceof EncodedValue) this.#encoded(ref);
    else if (ref instanceof Uint8Array) {
      this.varint(ref.length);
      this.bytes(ref);
    } else if (Array.isArray(ref)) {
      this.count(ref.length);
      for (const value of ref as readonly unknown[]) this.value(value);
    } else this.#blocks(ref as Iterable<unknown>);
  }

  /** An iterable of unknown length: −1, then blocks that begin with their count, the last of which is empty. */
  #blocks(values: Iterable<unknown>): void {
    this.count(-1);
    let block: unknown[] = [];
    const flush = (): void => {
      this.varint(block.length);
      for (const value of block) this.value(value);
      block = [];
    };
    for (const value of values) if (block.push(value) === BLOCK) flush();
    if (block.length > 0) flush();
    this.varint(0);
  }

  #encoded({ bytes, start, end }: EncodedValue): void {
    this.copy(bytes, start, end);
  }

  /** The bytes `[start, end)` of a buffer. */
  copy(bytes: Buffer, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const target = this.#bytes;
    const size = this.#size;
    // For a few bytes a loop beats the call into Node.
    if (length <= 16) for (let i = 0; i < length; i++) target[size + i] = bytes[start + i]!;
    else bytes.copy(target, size, start, end);
    this.#size = size + length;
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  /** @param value a non-negative safe integer. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#size++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#size++] = rest;
  }

  /** How many values of an iterable follow. */
  count(value: number): void {
    this.#reserve(4);
    this.#size = this.#bytes.writeInt32BE(value, this.#size);
  }

  instant(instant: Instant): void {
    this.#reserve(8);
    writeInstant(this.#bytes, instant, this.#size);
    this.#size += 8;
  }

  /** Makes room for so many bytes at once. */
  reserve(length: number): void {
    if (this.#size + length > this.#bytes.length) this.#grow(this.#size + length);
  }

  #reserve(length: number): void {
    if (this.#size + length > this.#bytes.length) this.#grow(Math.max(this.#bytes.length * 2, this.#size + length));
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.capacity + this.room, length));
    this.#bytes.copy(larger, 0, 0, this.#size);
    this.#bytes = larger;
  }
}

/** A growing run of bytes to encode into. */
import { encodeUtf8 } from "./utf8.js";

/** Up to this many characters a loop in JavaScript beats the call into Node. */
const SHORT = 16;
/** From this many characters on a string's bytes are counted before there is made room for them. */
const COUNTED = 4096;
/** The factor between the halves of 64 bits. */
const WORD = 2 ** 32;
/** The factor of what stands behind four bytes of a varint. */
const LOW = 2 ** 28;

/**
 * Collects bytes. Multi-byte numbers are big-endian, as everywhere in Beam.
 *
 * Values are trusted to be in range: coders check, for only they can say what was expected.
 */
export class ByteWriter {
  private buffer: Buffer;
  private size = 0;

  /** @param capacity bytes to reserve at first; the buffer doubles as needed. */
  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(capacity, 16));
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.size;
  }

  writeByte(byte: number): void {
    if (this.size === this.buffer.length) this.reserve(1);
    this.buffer[this.size++] = byte;
  }

  writeBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.reserve(length);
    if (length <= SHORT) {
      for (let i = 0; i < length; i++) this.buffer[this.size + i] = bytes[i]!;
    } else {
      this.buffer.set(bytes, this.size);
    }
    this.size += length;
  }

  /** Seven bits a byte, lowest first; negative numbers take ten bytes. @param value a safe integer. */
  writeVarint(value: number): void {
    this.reserve(10);
    if (value < 0) {
      this.writeVarintWords(value >>> 0, Math.floor(value / WORD) >>> 0);
      return;
    }
    const { buffer } = this;
    let at = this.size;
    let rest = value;
    if (value >= 0x8000_0000) {
      rest = Math.floor(value / LOW);
      const low = value - rest * LOW;
      buffer[at++] = (low & 0x7f) | 0x80;
      buffer[at++] = ((low >>> 7) & 0x7f) | 0x80;
      buffer[at++] = ((low >>> 14) & 0x7f) | 0x80;
      buffer[at++] = (low >>> 21) | 0x80;
    }
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.size = at;
  }

  /** Like {@link writeVarint}, for any 64 bits: −2^63 to 2^64 − 1. */
  writeVarint64(value: bigint): void {
    this.reserve(10);
    this.writeVarintWords(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)));
  }

  private writeVarintWords(low: number, high: number): void {
    let lowRest = low;
    let highRest = high;
    while (highRest !== 0 || lowRest >= 0x80) {
      this.buffer[this.size++] = (lowRest & 0x7f) | 0x80;
      lowRest = ((lowRest >>> 7) | (highRest << 25)) >>> 0;
      highRest >>>= 7;
    }
    this.buffer[this.size++] = lowRest;
  }

  /** The low 16 bits of `value`, signed or not. */
  writeInt16BE(value: number): void {
    this.reserve(2);
    this.buffer[this.size++] = value >>> 8;
    this.buffer[this.size++] = value;
  }

  /** The low 32 bits of `value`, signed or not. */
  writeInt32BE(value: number): void {
    this.reserve(4);
    this.buffer[this.size++] = value >>> 24;
    this.buffer[this.size++] = value >>> 16;
    this.buffer[this.size++] = value >>> 8;
    this.buffer[this.size++] = value;
  }

  /** The low 64 bits of `value`, signed or not. */
  writeInt64BE(value: bigint): void {
    this.writeInt32BE(Number(BigInt.asUintN(32, value >> 32n)));
    this.writeInt32BE(Number(BigInt.asUintN(32, value)));
  }

  /** Every NaN as the one quiet NaN 0x7fc00000. */
  writeFloatBE(value: number): void {
    this.reserve(4);
    this.size = this.buffer.writeFloatBE(Number.isNaN(value) ? Number.NaN : value, this.size);
  }

  /** Every NaN as the one quiet NaN 0x7ff8000000000000. */
  writeDoubleBE(value: number): void {
    this.reserve(8);
    if (Number.isNaN(value)) {
      this.buffer.fill(0, this.size, this.size + 8);
      this.buffer[this.size] = 0x7f;
      this.buffer[this.size + 1] = 0xf8;
      this.size += 8;
    } else {
      this.size = this.buffer.writeDoubleBE(value, this.size);
    }
  }

  /** The characters' bytes, lone surrogates included (see utf8.ts), without a length. */
  writeUtf8(text: string): void {
    if (this.writeShortAscii(text)) return;
    this.reserveUtf8(text);
    this.size += encodeUtf8(text, this.buffer, this.size);
  }

  /** {@link writeUtf8} behind its length in bytes as a varint. */
  writeUtf8Prefixed(text: string): void {
    if (text.length <= SHORT) {
      this.writeByte(text.length);
      if (this.writeShortAscii(text)) return;
      this.size--;
    }
    this.reserveUtf8(text);
    // Most strings take a byte for each code unit; where others make the length longer, the bytes are moved.
    const start = this.size;
    const width = varintWidth(text.length);
    const size = encodeUtf8(text, this.buffer, start + width);
    const missing = varintWidth(size) - width;
    if (missing > 0) this.buffer.copyWithin(start + width + missing, start + width, start + width + size);
    this.writeVarint(size);
    this.size += size;
  }

  private writeShortAscii(text: string): boolean {
    const { length } = text;
    if (length > SHORT) return false;
    this.reserve(length);
    const { buffer, size } = this;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x80) return false;
      buffer[size + i] = code;
    }
    this.size = size + length;
    return true;
  }

  /** Makes room for a string and its length. Counting is a call into Node, which small strings do without. */
  private reserveUtf8(text: string): void {
    this.reserve(20 + (text.length < COUNTED ? 3 * text.length : Buffer.byteLength(text)));
  }

  /**
   * Begins a run of bytes that will stand behind its own length. Runs may nest.
   *
   * @returns what {@link endPrefixed} wants to be given.
   */
  beginPrefixed(): number {
    this.writeByte(0);
    return this.size;
  }

  /** Ends a run: puts its length in bytes, as a varint, in front of it. */
  endPrefixed(start: number): void {
    const length = this.size - start;
    if (length < 0x80) {
      this.buffer[start - 1] = length;
      return;
    }
    const width = varintWidth(length);
    this.reserve(width);
    this.buffer.copyWithin(start - 1 + width, start, this.size);
    this.size = start - 1;
    this.writeVarint(length);
    this.size += length;
  }

  /** A copy of everything written. */
  finish(): Uint8Array {
    return this.copy(0, this.size);
  }

  /** A copy of the bytes `[start, end)`. */
  copy(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    this.buffer.copy(bytes, 0, start, end);
    return bytes;
  }

  /** The bytes `[start, end)` themselves: valid only until the next write or reset. */
  view(start = 0, end = this.size): Uint8Array {
    return this.buffer.subarray(start, end);
  }

  /** The bytes `[start, end)`, one character each. */
  latin1(start = 0, end = this.size): string {
    return this.buffer.toString("latin1", start, end);
  }

  /** Overwrites four bytes at `position`, which must have been written: for a count that is known only later. */
  setInt32BE(position: number, value: number): void {
    this.buffer.writeInt32BE(value | 0, position);
  }

  /** Forgets the bytes from `length` on. */
  truncate(length: number): void {
    this.size = Math.min(this.size, length);
  }

  /** Forgets everything written and keeps the memory. */
  reset(): void {
    this.size = 0;
  }

  private reserve(extra: number): void {
    const needed = this.size + extra;
    if (needed <= this.buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(grown, 0, 0, this.size);
    this.buffer = grown;
  }
}

/** How many bytes a length takes as a varint. */
function varintWidth(length: number): number {
  let width = 1;
  for (let rest = length; rest >= 0x80; rest = Math.floor(rest / 0x80)) width++;
  return width;
}

/** A cursor over bytes to decode from. */
import { malformed } from "./errors.js";
import { decodeUtf8 } from "./utf8.js";

/** Up to this many bytes a loop in JavaScript beats the call into Node. */
const SHORT = 16;
const WORD = 2 ** 32;
/** The factor of what stands behind four bytes of a varint. */
const LOW = 2 ** 28;
/** Bound of the high word of a safe integer. */
const SAFE_HIGH = 2 ** 21;

/**
 * Reads from `position` to `end`. Every read checks that the bytes are there, and lengths are checked before anything is
 * allocated for them.
 *
 * Every read throws GirderError `malformed-data` where the bytes are too few or no value's encoding.
 */
export class ByteReader {
  private readonly buffer: Buffer;
  /** Index of the next byte to read. */
  position: number;
  private limit: number;

  /** Reads `bytes[position, end)`, without copying it. */
  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.position = position;
    this.limit = Math.min(end, this.buffer.length);
  }

  /** Index after the last byte that may be read. */
  get end(): number {
    return this.limit;
  }

  /** How many bytes are left. */
  get remaining(): number {
    return this.limit - this.position;
  }

  readByte(): number {
    if (this.position >= this.limit) throw this.ended(1);
    return this.buffer[this.position++]!;
  }

  /** A copy of the next `length` bytes. */
  readBytes(length: number): Uint8Array {
    const start = this.take(length);
    const bytes = new Uint8Array(length);
    if (length <= SHORT) for (let i = 0; i < length; i++) bytes[i] = this.buffer[start + i]!;
    else this.buffer.copy(bytes, 0, start, start + length);
    return bytes;
  }

  /** The next `length` bytes themselves, which keep all that they are part of in memory. */
  readView(length: number): Uint8Array {
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** The string that the next `length` bytes are (see utf8.ts). */
  readUtf8(length: number): string {
    const start = this.take(length);
    if (length <= SHORT) {
      const { buffer } = this;
      let every = 0;
      for (let i = start; i < this.position; i++) every |= buffer[i]!;
      if (every < 0x80) return shortAscii(buffer, start, this.position);
    }
    return decodeUtf8(this.buffer, start, this.position);
  }

  /** A varint of 64 bits, signed: a number where that is exact, else a bigint. */
  readVarint(): number | bigint {
    const { buffer, position } = this;
    // Where the most that this reads is there, it need not ask for each byte. What it does not read is read below, or refused.
    if (this.limit - position >= 7) {
      let at = position;
      let byte = buffer[at++]!;
      if (byte < 0x80) {
        this.position = at;
        return byte;
      }
      let low = byte & 0x7f;
      for (let shift = 7; shift < 28 && byte >= 0x80; shift += 7) {
        byte = buffer[at++]!;
        low |= (byte & 0x7f) << shift;
      }
      let high = 0;
      for (let shift = 0; shift < 21 && byte >= 0x80; shift += 7) {
        byte = buffer[at++]!;
        high |= (byte & 0x7f) << shift;
      }
      if (byte < 0x80 && byte !== 0) {
        this.position = at;
        return high === 0 ? low : high * LOW + low;
      }
    }
    return this.readAnyVarint();
  }

  private readAnyVarint(): number | bigint {
    let low = 0;
    let high = 0;
    let shift = 0;
    let byte: number;
    do {
      if (this.position >= this.limit) throw this.ended(1);
      byte = this.buffer[this.position++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else if (shift === 63) {
        if (byte > 1) throw malformed("A varint exceeds 64 bits", this.position - 1);
        high |= bits << 31;
      } else high |= bits << (shift - 32);
      shift += 7;
    } while (byte >= 0x80);
    if (byte === 0 && shift > 7) throw malformed("A varint is longer than need be", this.position - 1);
    if (high === 0) return low >>> 0;
    if (high >= -SAFE_HIGH && high < SAFE_HIGH) {
      const value = high * WORD + (low >>> 0);
      if (Number.isSafeInteger(value)) return value;
    }
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }

  /** A varint that says how many bytes follow; refused where fewer do. */
  readLength(): number {
    const start = this.position;
    const length = this.readVarint();
    if (typeof length !== "number" || length < 0 || length > this.limit - this.position) {
      throw malformed(`A length of ${length} bytes, where ${this.limit - this.position} are left`, start);
    }
    return length;
  }

  readInt16BE(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  readInt32BE(): number {
    const start = this.take(4);
    const { buffer } = this;
    return (buffer[start]! << 24) | (buffer[start + 1]! << 16) | (buffer[start + 2]! << 8) | buffer[start + 3]!;
  }

  readInt64BE(): bigint {
    return this.buffer.readBigInt64BE(this.take(8));
  }

  readFloatBE(): number {
    return this.buffer.readFloatBE(this.take(4));
  }

  readDoubleBE(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  /** The bytes `[start, end)` of the whole, one character each; read or not. */
  latin1(start: number, end: number): string {
    return this.buffer.toString("latin1", start, end);
  }

  /** Whether the bytes `[start, end)` sort before (negative), as (0) or after `[otherStart, otherEnd)`; read or not. */
  compare(start: number, end: number, otherStart: number, otherEnd: number): number {
    return this.buffer.compare(this.buffer, otherStart, otherEnd, start, end);
  }

  /**
   * Reads a length and makes the run of bytes behind it all that can be read, until {@link endPrefixed}. Runs may nest.
   *
   * @returns what {@link endPrefixed} wants to be given.
   */
  beginPrefixed(): number {
    const length = this.readLength();
    const outer = this.limit;
    this.limit = this.position + length;
    return outer;
  }

  /** Ends a run. @throws GirderError `malformed-data` unless all of it has been read. */
  endPrefixed(outer: number): void {
    this.expectEnd();
    this.limit = outer;
  }

  /** @throws GirderError `malformed-data` unless everything has been read. */
  expectEnd(): void {
    if (this.position < this.limit)
      throw malformed(`${this.limit - this.position} bytes follow the value`, this.position);
  }

  private take(length: number): number {
    const start = this.position;
    if (length > this.limit - start) throw this.ended(length);
    this.position = start + length;
    return start;
  }

  private ended(wanted: number) {
    return malformed(`The data ends where ${wanted} more ${wanted === 1 ? "byte" : "bytes"} should be`, this.limit);
  }
}

/** In fours, each of which is one call. */
function shortAscii(buffer: Buffer, start: number, end: number): string {
  let text = "";
  let at = start;
  for (; at + 4 <= end; at += 4) {
    text += String.fromCharCode(buffer[at]!, buffer[at + 1]!, buffer[at + 2]!, buffer[at + 3]!);
  }
  for (; at < end; at++) text += String.fromCharCode(buffer[at]!);
  return text;
}

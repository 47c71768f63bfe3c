/** The few wire forms that metric payloads are made of. */
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { GirderError, messageOf } from "../errors.js";
import { type Integer, normalized, toInt64 } from "./integer.js";

/** The integers one after another, as the varint coder writes them: 64 bits in two's complement, not zigzag. */
export function encodeIntegers(integers: readonly Integer[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const integer of integers) writer.int64(toInt64(integer));
  return writer.finish();
}

/**
 * Exactly `count` integers. Inverse of {@link encodeIntegers}.
 *
 * @throws GirderError `malformed-data`
 */
export function decodeIntegers(payload: Uint8Array, count: number, what: string): Integer[] {
  return decodeWhole(payload, what, (reader) => Array.from({ length: count }, () => readInteger(reader)));
}

/** Strings as the iterable coder writes them where their number is known: a big-endian 32-bit count, then each with its length. */
export function encodeStrings(strings: ReadonlySet<string>): Uint8Array {
  const count = Buffer.alloc(4);
  count.writeInt32BE(strings.size);
  const writer = new BinaryWriter().raw(count);
  for (const string of strings) writer.string(string);
  return writer.finish();
}

/**
 * The strings of an iterable, whether their number was known (one count) or not (−1, then blocks that each begin with
 * their count as a varint, the last of which is empty).
 *
 * @throws GirderError `malformed-data`
 */
export function decodeStrings(payload: Uint8Array, what: string): string[] {
  return decodeWhole(payload, what, (reader) => {
    const strings: string[] = [];
    const take = (count: Integer): void => {
      for (let left = Number(count); left > 0; left--) strings.push(reader.string());
    };
    const known = readInt32(reader);
    if (known >= 0) {
      take(known);
    } else {
      for (let block = readInteger(reader); block > 0; block = readInteger(reader)) take(block);
    }
    return strings;
  });
}

function readInteger(reader: BinaryReader): Integer {
  return normalized(BigInt(reader.int64()));
}

/** A big-endian 32-bit integer: the reader's own are little-endian. */
function readInt32(reader: BinaryReader): number {
  return Buffer.from(Uint32Array.of(reader.fixed32()).buffer).readInt32BE(0);
}

function decodeWhole<T>(payload: Uint8Array, what: string, read: (reader: BinaryReader) => T): T {
  const reader = new BinaryReader(payload);
  let value: T;
  try {
    value = read(reader);
  } catch (cause) {
    throw malformed(what, messageOf(cause), cause);
  }
  if (reader.pos !== payload.length) throw malformed(what, `${payload.length - reader.pos} bytes are left over`);
  return value;
}

/** The failure of a payload that is not what its type says. */
export function malformed(what: string, why: string, cause?: unknown): GirderError {
  return new GirderError("malformed-data", `The payload of a ${what} metric cannot be read: ${why}.`, {
    remedy: "The worker that sent it disagrees about the type's encoding; check its SDK version.",
    ...(cause === undefined ? {} : { cause }),
  });
}

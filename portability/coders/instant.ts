/** Instants in bytes: eight, big-endian, with the sign bit flipped so that they sort as unsigned numbers do. */
import { type Instant, instantFromWire, instantToWire } from "../execution/time.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { cannotEncode } from "./errors.js";

const WORD = 2 ** 32;
const EXACT = 2 ** 52;
/** 2^52 in units of {@link WORD}. */
const EXACT_HIGH = 2 ** 20;
const SIGN = 1n << 63n;

/** @throws GirderError `cannot-encode` for what is not an instant: fractions, NaN, numbers outside the model's bounds. */
export function writeInstant(instant: Instant, out: ByteWriter): void {
  if (!Number.isSafeInteger(instant)) throw cannotEncode("instant", "whole milliseconds within Beam's bounds", instant);
  if (instant <= EXACT && instant >= -EXACT) {
    out.writeInt32BE(Math.floor(instant / WORD) ^ 0x8000_0000);
    out.writeInt32BE(instant >>> 0);
  } else {
    out.writeInt64BE(instantToWire(instant) ^ SIGN);
  }
}

/** @throws GirderError `malformed-data` for what `instantFromWire` refuses. */
export function readInstant(input: ByteReader): Instant {
  const high = input.readInt32BE() ^ 0x8000_0000;
  const low = input.readInt32BE() >>> 0;
  if (high >= -EXACT_HIGH && high < EXACT_HIGH) return high * WORD + low;
  return instantFromWire((BigInt(high) << 32n) | BigInt(low));
}

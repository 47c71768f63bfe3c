/** Instants in the bytes of elements and timers: eight, big-endian, with the sign bit flipped. */
import { type Instant, instantFromWire, instantToWire } from "../../../portability/execution/time.js";

const WORD = 2 ** 32;
const EXACT = 2 ** 52;
/** 2^52 in units of {@link WORD}. */
const EXACT_HIGH = 2 ** 20;
const SIGN = 1n << 63n;

/** @throws GirderError `malformed-data` for what is no instant of the model. */
export function readInstant(bytes: Buffer, at: number): Instant {
  const high = bytes.readInt32BE(at) ^ 0x8000_0000;
  const low = bytes.readUInt32BE(at + 4);
  if (high >= -EXACT_HIGH && high < EXACT_HIGH) return high * WORD + low;
  return instantFromWire((BigInt(high) << 32n) | BigInt(low));
}

export function writeInstant(bytes: Buffer, instant: Instant, at: number): void {
  if (instant <= EXACT && instant >= -EXACT) {
    bytes.writeInt32BE(Math.floor(instant / WORD) ^ 0x8000_0000, at);
    bytes.writeUInt32BE(instant >>> 0, at + 4);
  } else bytes.writeBigUInt64BE(BigInt.asUintN(64, instantToWire(instant)) ^ SIGN, at);
}

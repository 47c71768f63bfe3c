/**
 * Logical types that rows do not write as their representation says. All others are, and their values are values of the
 * representation: `micros_instant` is a row { seconds, micros }, `timestamp` a row { seconds, subseconds }, `fixed_char` and
 * `var_char` are strings, `fixed_bytes` and `var_bytes` Uint8Arrays, with lengths not checked.
 */
import { LogicalTypes } from "../urns.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { cannotEncode, malformed } from "./errors.js";
import type { FieldCodec } from "./row-atoms.js";

const SIGN = 1n << 63n;
/** How many zeros a decimal may be padded with before it is given an exponent. */
const MAX_PADDING = 40;

/** `millis_instant`: milliseconds since 1970, a number where that is exact, else a bigint; of 64 bits. */
const MILLIS_INSTANT: FieldCodec = {
  nondeterminism: undefined,
  encode(value, out) {
    const fits = Number.isSafeInteger(value) || (typeof value === "bigint" && BigInt.asIntN(64, value) === value);
    if (!fits) throw cannotEncode("millis_instant", "whole milliseconds", value);
    out.writeInt64BE(BigInt(value as number | bigint) ^ SIGN);
  },
  decode(input) {
    const millis = BigInt.asIntN(64, input.readInt64BE() ^ SIGN);
    const number = Number(millis);
    return Number.isSafeInteger(number) ? number : millis;
  },
};

/**
 * `decimal`: a string such as "-100.123", whose digits behind the point are its scale: "1.0" and "1" differ. Scales that
 * would need many zeros, and negative ones, are written with an exponent: "1E+100".
 */
const DECIMAL: FieldCodec = {
  nondeterminism: undefined,
  encode: encodeDecimal,
  decode: decodeDecimal,
};

function encodeDecimal(value: unknown, out: ByteWriter): void {
  const match = typeof value === "string" ? /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,10}))?$/.exec(value) : null;
  if (match === null) throw cannotEncode("decimal", 'strings such as "-100.123"', value);
  const [, sign, whole, fraction = "", exponent = "0"] = match;
  const scale = fraction.length - Number(exponent);
  if ((scale | 0) !== scale) throw cannotEncode("decimal", "scales of 32 bits", value);
  const digits = BigInt(`${whole}${fraction}`);
  out.writeVarint(scale >>> 0);
  const start = out.beginPrefixed();
  out.writeBytes(twosComplement(sign === "-" ? -digits : digits));
  out.endPrefixed(start);
}

function decodeDecimal(input: ByteReader): string {
  const at = input.position;
  const wireScale = input.readVarint();
  if (typeof wireScale !== "number" || wireScale < -(2 ** 31) || wireScale >= 2 ** 32) {
    throw malformed(`A decimal has the scale ${wireScale}`, at);
  }
  const bytes = input.readView(input.readLength());
  if (bytes.length === 0) throw malformed("A decimal has no digits", input.position);
  const scale = wireScale | 0;
  const unscaled = fromTwosComplement(bytes);
  const sign = unscaled < 0n ? "-" : "";
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString();
  if (scale < 0) return `${sign}${digits}E+${-scale}`;
  if (scale === 0) return `${sign}${digits}`;
  if (scale - digits.length > MAX_PADDING) return `${sign}${digits}E-${scale}`;
  const padded = digits.padStart(scale + 1, "0");
  return `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
}

/** The fewest bytes, highest first, of which the first bit tells the sign. */
function twosComplement(value: bigint): Uint8Array {
  const magnitude = value < 0n ? -1n - value : value;
  const hex = magnitude.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = Buffer.from(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even, "hex");
  if (value < 0n) for (let i = 0; i < bytes.length; i++) bytes[i] = ~bytes[i]! & 0xff;
  return bytes;
}

function fromTwosComplement(bytes: Uint8Array): bigint {
  const unsigned = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}

/** Codecs by URN. */
export const LOGICAL_TYPE_CODECS: ReadonlyMap<string, FieldCodec> = new Map<string, FieldCodec>([
  [LogicalTypes.Enum.MILLIS_INSTANT, MILLIS_INSTANT],
  [LogicalTypes.Enum.DECIMAL, DECIMAL],
]);

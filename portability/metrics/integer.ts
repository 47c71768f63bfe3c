/**
 * Metrics count in 64-bit integers, which a JavaScript number holds exactly up to 2^53 only. So an integer is a number
 * while it is safe and a bigint beyond, and arithmetic costs no more than a check while it is small.
 */
import { GirderError } from "../errors.js";

/** A whole number: a safe one as a number, any other as a bigint. */
export type Integer = number | bigint;

/** Bounds of a signed 64-bit integer. */
export const INT64_MAX = 2n ** 63n - 1n;
export const INT64_MIN = -(2n ** 63n);

/** The exact sum. */
export function addIntegers(a: Integer, b: Integer): Integer {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return normalized(BigInt(a) + BigInt(b));
}

/** `value` as a number where that is exact. */
export function normalized(value: bigint): Integer {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** `value` as a 64-bit integer; those beyond its bounds become the bound. */
export function toInt64(value: Integer): bigint {
  const wide = BigInt(value);
  return wide > INT64_MAX ? INT64_MAX : wide < INT64_MIN ? INT64_MIN : wide;
}

/** @throws GirderError `invalid-argument` unless `value` is a bigint or a safe integer. */
export function requireMetricInteger(value: Integer): void {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return;
  throw new GirderError("invalid-argument", `A metric was given ${value}, which is not a whole number.`, {
    remedy: "Round it, or scale it to a smaller unit first; give numbers beyond 2^53 as a bigint.",
  });
}

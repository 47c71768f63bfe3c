/** Instants: `Long`s in the official API, numbers of ms in Girder. */
import Long from "long";
import { GirderError } from "../../../portability/errors.js";
import { type Instant, instantFromWire, instantToWire } from "../../../portability/execution/time.js";

/** A `Long` of any copy and version of the `long` package. */
export interface LongLike {
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

/** What is taken for a 64-bit integer: a `Long`, or a number or bigint where that is exact. */
export type Integer64 = LongLike | number | bigint;

/** The instant as ms in a `Long`, exact also beside the bounds of the model. */
export function toLong(instant: Instant): Long {
  return Long.fromString(instantToWire(instant).toString());
}

/**
 * The instant that so many ms since 1970 are.
 *
 * @throws GirderError `invalid-argument` for what is no integer, `malformed-data` for an instant outside the model's bounds.
 */
export function toInstant(millis: Integer64): Instant {
  return instantFromWire(toBigInt(millis));
}

/** The 64-bit integer as a bigint. @throws GirderError `invalid-argument` for what is none. */
export function toBigInt(value: Integer64): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (isLongLike(value)) return BigInt(Long.fromValue({ ...pick(value) }).toString());
  throw new GirderError("invalid-argument", `${String(value)} is no 64-bit integer.`, {
    remedy: "Give a Long, a whole number or a bigint: milliseconds since 1970 for a timestamp.",
  });
}

/**
 * Seconds as ms, less what is behind the ms.
 *
 * @throws GirderError `invalid-argument` for what is no number of seconds.
 */
export function secondsToMillis(seconds: number | LongLike): number {
  if (typeof seconds === "number" && Number.isFinite(seconds)) return Math.trunc(seconds * 1000);
  if (isLongLike(seconds)) return Number(toBigInt(seconds)) * 1000;
  throw new GirderError("invalid-argument", `${String(seconds)} is no number of seconds.`, {
    remedy: "Give a number or a Long.",
  });
}

function isLongLike(value: unknown): value is LongLike {
  if (typeof value !== "object" || value === null) return false;
  const { low, high } = value as Partial<LongLike>;
  return typeof low === "number" && typeof high === "number";
}

/** The fields alone: they are inherited getters in some copies. */
const pick = ({ low, high, unsigned }: LongLike): LongLike => ({ low, high, unsigned });

/**
 * Instants and durations, in milliseconds since 1970-01-01T00:00:00Z.
 *
 * The model's bounds (`BeamConstants`) exceed 2^53, the largest integer a JavaScript number counts exactly, and instants
 * beside them occur: the end of the global window less ten milliseconds is a timer somebody sets. So an instant beyond
 * ±2^52 (some 142,000 years) is held shifted towards zero by {@link SHIFT}, which makes the model's maximum 2^53 − 1:
 * order, equality and sums near the bounds stay exact. {@link instantFromWire} and {@link instantToWire} convert; nothing
 * else needs to know.
 */
import { GirderError } from "../errors.js";

/** An instant in milliseconds, shifted beyond ±2^52 as described above. */
export type Instant = number;
/** A length of time in milliseconds. */
export type Duration = number;

/** Distance in ms by which instants beyond ±2^52 are moved towards zero. */
export const SHIFT = 216_172_782_113_784;
const SHIFT_WIRE = 216_172_782_113_784n;
const EXACT = 2 ** 52;
const EXACT_WIRE = 2n ** 52n;

/** `BeamConstants.MAX_TIMESTAMP_MILLIS`. */
export const MAX_TIMESTAMP: Instant = Number.MAX_SAFE_INTEGER;
/** `BeamConstants.MIN_TIMESTAMP_MILLIS`. */
export const MIN_TIMESTAMP: Instant = -Number.MAX_SAFE_INTEGER;
/** `BeamConstants.GLOBAL_WINDOW_MAX_TIMESTAMP_MILLIS`: a day before the end of time. */
export const GLOBAL_WINDOW_MAX_TIMESTAMP: Instant = MAX_TIMESTAMP - 86_400_000;

/**
 * An instant as the protocol writes it.
 *
 * @throws GirderError `malformed-data` for an instant outside the model's bounds, or between ±2^52 ms and the bounds'
 * neighbourhood, where no calendar reaches.
 */
export function instantFromWire(millis: bigint): Instant {
  if (millis <= EXACT_WIRE && millis >= -EXACT_WIRE) return Number(millis);
  const shifted = millis > 0n ? millis - SHIFT_WIRE : millis + SHIFT_WIRE;
  const instant = Number(shifted);
  if (Math.abs(instant) > MAX_TIMESTAMP || Math.abs(instant) <= EXACT || shifted > 0n !== millis > 0n) {
    throw new GirderError("malformed-data", `${millis} ms is not an instant of the Beam model.`);
  }
  return instant;
}

/** The instant's milliseconds as the protocol writes them. Inverse of {@link instantFromWire}. */
export function instantToWire(instant: Instant): bigint {
  const millis = BigInt(instant);
  if (instant > EXACT) return millis + SHIFT_WIRE;
  if (instant < -EXACT) return millis - SHIFT_WIRE;
  return millis;
}

/** `instant + duration`, held at the model's bounds instead of leaving them or falling between. */
export function plus(instant: Instant, duration: Duration): Instant {
  const sum = instant + duration;
  if (instant <= EXACT && instant >= -EXACT) {
    if (sum > EXACT) return MAX_TIMESTAMP;
    if (sum < -EXACT) return MIN_TIMESTAMP;
    return sum;
  }
  if (instant > 0) return Math.min(MAX_TIMESTAMP, Math.max(sum, EXACT));
  return Math.max(MIN_TIMESTAMP, Math.min(sum, -EXACT));
}

/** Start of the last window of this period that begins at or before `instant`, ms; `offset` shifts all of them. */
export function lastWindowStart(instant: Instant, period: Duration, offset: Duration): Instant {
  const remainder = (instant - offset) % period;
  return instant - (remainder < 0 ? remainder + period : remainder);
}

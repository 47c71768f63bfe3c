/** Window functions: where in event time elements are grouped. */
import { GirderError } from "../../portability/errors.js";
import type { Duration } from "../../portability/execution/time.js";
import type { StandardWindowFn } from "../../portability/execution/window-fn.js";

/** Where elements are grouped: one of the model's standard window functions. Others are {@link CustomWindowFn}s. */
export type WindowFn = StandardWindowFn;

/** One window over all of time. */
export function globalWindows(): WindowFn {
  return { kind: "global" };
}

/**
 * Windows of one size, one after the other.
 *
 * @param size Length of a window, ms.
 * @param offset Where windows begin, ms after the epoch. Default 0.
 * @throws GirderError `invalid-argument`
 */
export function fixedWindows(size: Duration, offset: Duration = 0): WindowFn {
  return { kind: "fixed", size: positive("size", size), offset: whole("offset", offset) };
}

/**
 * Windows of one size, one beginning every `period`; an element is in each that spans its timestamp.
 *
 * @param size Length of a window, ms.
 * @param period Distance of two windows' beginnings, ms.
 * @param offset Where windows begin, ms after the epoch. Default 0.
 * @throws GirderError `invalid-argument`
 */
export function slidingWindows(size: Duration, period: Duration, offset: Duration = 0): WindowFn {
  return {
    kind: "sliding",
    size: positive("size", size),
    period: positive("period", period),
    offset: whole("offset", offset),
  };
}

/**
 * For each key, windows that last as long as elements follow each other within `gap`.
 *
 * @param gap Time without elements that ends a session, ms.
 * @throws GirderError `invalid-argument`
 */
export function sessions(gap: Duration): WindowFn {
  return { kind: "sessions", gap: positive("gap", gap) };
}

/** ms of a number of seconds. */
export const seconds = (n: number): Duration => n * 1000;
/** ms of a number of minutes. */
export const minutes = (n: number): Duration => n * 60_000;
/** ms of a number of hours. */
export const hours = (n: number): Duration => n * 3_600_000;
/** ms of a number of days of 24 hours. */
export const days = (n: number): Duration => n * 86_400_000;

function whole(what: string, ms: Duration): Duration {
  if (Number.isSafeInteger(ms)) return ms;
  throw new GirderError("invalid-argument", `The ${what} of windows is ${ms}.`, {
    remedy: "Give a whole number of milliseconds, such as minutes(5).",
  });
}

function positive(what: string, ms: Duration): Duration {
  if (Number.isSafeInteger(ms) && ms > 0) return ms;
  throw new GirderError("invalid-argument", `The ${what} of windows is ${ms}.`, {
    remedy: "Give a whole, positive number of milliseconds, such as minutes(5).",
  });
}

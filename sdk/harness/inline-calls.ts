/** What both synchronous chains do around a function's call. */
import { GirderError } from "../../portability/errors.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import { isPromise, PromiseReturned, type Receiver } from "./operator.js";
import { excerpt, userError } from "./user-error.js";

/** Sends on what a flatMap's function returned, other than an array. */
export function forEachOutput(result: unknown, transform: string, element: unknown, receive: Receiver): void {
  if (result === undefined || result === null) return;
  if (isPromise(result)) throw promised(result, transform);
  const iterable = result as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
  if (iterable[Symbol.iterator] === undefined) {
    if (iterable[Symbol.asyncIterator] !== undefined) throw new PromiseReturned(transform);
    throw notIterable(result, transform);
  }
  let inside = true;
  try {
    for (const value of result as Iterable<unknown>) {
      inside = false;
      receive(value);
      inside = true;
    }
  } catch (thrown) {
    throw inside ? userError(thrown, transform, { value: element }) : thrown;
  }
}

/** The error of a flatMap whose function returned something that holds no outputs. */
export function notIterable(result: unknown, transform: string): GirderError {
  return new GirderError("user-exception", `The function returned ${excerpt(result)}, which holds no outputs.`, {
    where: transform,
    remedy: "Return an array, a generator or another iterable; use map for one output per element.",
  });
}

/** What the promise resolves to is dropped: the bundle is run again once it has settled, and then awaits. */
export function promised(promise: PromiseLike<unknown>, transform: string): PromiseReturned {
  return new PromiseReturned(transform, Promise.allSettled([promise]));
}

/** @throws GirderError `invalid-argument` for a timestamp that is none. */
export function checkedTimestamp(timestamp: unknown, transform: string): Instant {
  if (typeof timestamp === "number" && timestamp >= MIN_TIMESTAMP && timestamp <= MAX_TIMESTAMP) {
    if (Number.isInteger(timestamp)) return timestamp;
  }
  if (isPromise(timestamp)) throw promised(timestamp, transform);
  throw new GirderError("invalid-argument", `${excerpt(timestamp)} is not a timestamp.`, {
    where: transform,
    remedy: "A timestamp is an integer number of milliseconds since 1970, within the bounds of the Beam model.",
  });
}

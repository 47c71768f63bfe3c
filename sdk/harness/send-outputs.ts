/** What an operator's function returned, sent on. */
import { toArray } from "./awaiting-outputs.js";
import type { Cursor } from "./cursor.js";
import { forEachOutput, promised } from "./inline-calls.js";
import { isPromise, PromiseReturned, type Receiver } from "./operator.js";

/**
 * Sends on the outputs that a function returned; gives a promise if they have to be awaited.
 *
 * @throws PromiseReturned if they do and the chain does not await: then nothing has been asked of them, so that nothing
 * arrives after the bundle has been started anew.
 */
export function sendOutputs(
  result: unknown,
  transform: string,
  element: unknown,
  cursor: Cursor,
  output: Receiver,
): void | Promise<void> {
  if (result === undefined) return;
  const iterable = result as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null;
  const promise = isPromise(result);
  const asynchronous =
    promise ||
    (typeof iterable === "object" &&
      iterable !== null &&
      iterable[Symbol.iterator] === undefined &&
      iterable[Symbol.asyncIterator] !== undefined);
  if (!asynchronous) {
    forEachOutput(result, transform, element, output);
    return;
  }
  if (!cursor.awaits) throw promise ? promised(result, transform) : new PromiseReturned(transform);
  return Promise.resolve(result)
    .then((settled) => toArray(settled, transform, element))
    .then((outputs) => {
      for (const value of outputs) output(value);
    });
}

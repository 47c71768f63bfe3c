/** gRPC's streams as async iterables, with back-pressure in both directions. */
import type { Readable, Writable } from "node:stream";

/**
 * The messages of a stream, as they come.
 *
 * @param cancel Called when the reader stops before the stream has ended.
 * @throws what `errorOf` makes of the stream's error.
 */
export async function* readMessages<T>(
  stream: Readable,
  cancel: () => void,
  errorOf: (thrown: unknown) => unknown,
): AsyncGenerator<T, void, undefined> {
  let ended = false;
  try {
    // A server that has read enough still has to send its status, for which the stream must be whole.
    for await (const message of stream.iterator({ destroyOnReturn: false })) yield message as T;
    ended = true;
  } catch (thrown) {
    ended = true;
    throw errorOf(thrown);
  } finally {
    if (!ended) cancel();
  }
}

/** Writes all messages, no faster than they are taken. Stops, without an error, when `signal` aborts. */
export async function writeMessages<T>(
  stream: Writable,
  messages: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal,
): Promise<void> {
  const iterator = Symbol.asyncIterator in messages ? messages[Symbol.asyncIterator]() : messages[Symbol.iterator]();
  let interrupt = (): void => undefined;
  // Racing each promise against one for the signal would keep them all until the stream ends.
  const orAborted = <R>(promise: R | Promise<R>): Promise<R | undefined> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return resolve(undefined);
      interrupt = () => resolve(undefined);
      Promise.resolve(promise).then(resolve, reject);
    });
  const aborted = (): void => interrupt();
  signal.addEventListener("abort", aborted, { once: true });
  try {
    for (;;) {
      const next = await orAborted(iterator.next());
      if (next === undefined || next.done === true) return;
      if (!stream.write(next.value)) await orAborted(drained(stream));
    }
  } finally {
    signal.removeEventListener("abort", aborted);
    // Who makes the messages may be waiting for something that never comes now: nobody waits for it to clean up.
    if (signal.aborted) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    stream.once("drain", resolve);
  });
}

/** Results of authors' functions that may be promises, without a promise where they are none. */

/** Whether a value has to be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** What `then` makes of the value, or of what it resolves to. */
export function settled<V, R>(value: V, then: (value: Awaited<V>) => R): R | Promise<R> {
  return isThenable(value) ? Promise.resolve(value).then(then) : then(value as Awaited<V>);
}

/** Outputs that have to be awaited. */
import { notIterable } from "./inline-calls.js";
import { userError } from "./user-error.js";

/** The outputs of a flatMap's function, whichever kind of iterable holds them. */
export async function toArray(result: unknown, transform: string, element: unknown): Promise<unknown[]> {
  if (result === undefined || result === null) return [];
  const iterable = result as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
  if (iterable[Symbol.iterator] === undefined && iterable[Symbol.asyncIterator] === undefined) {
    throw notIterable(result, transform);
  }
  const outputs: unknown[] = [];
  try {
    for await (const output of result as AsyncIterable<unknown>) outputs.push(output);
  } catch (thrown) {
    throw userError(thrown, transform, { value: element });
  }
  return outputs;
}

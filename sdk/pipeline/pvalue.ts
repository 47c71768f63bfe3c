/** What transforms take and give: the root of a pipeline, PCollections, and objects or arrays of them. */
import type { PCollection } from "./pcollection.js";
import type { Root } from "./root.js";

/** A PCollection, or PCollections under names or positions, nested as deep as one likes. */
export type PValue =
  // biome-ignore lint/suspicious/noExplicitAny: a PValue of any elements; PCollection<unknown> would refuse consumers of T.
  PCollection<any> | readonly PValue[] | { readonly [name: string]: PValue } | undefined;

/** What a transform can be applied to. */
export type PInput = Root | PValue;

/**
 * A transform: a function from input to output. Its `name` is how it appears in the pipeline.
 *
 * Any function will do; {@link named} gives one a name of its own.
 */
export type PTransform<I, O> = (input: I) => O;

/** The transform under a name. Names need not be unique: the pipeline tells equal ones apart by a number. */
export function named<I, O>(name: string, transform: PTransform<I, O>): PTransform<I, O> {
  const copy: PTransform<I, O> = (input) => transform(input);
  Object.defineProperty(copy, "name", { value: name });
  return copy;
}

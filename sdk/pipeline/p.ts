import { pipelineOf } from "./collections.js";
import type { PTransform, PValue } from "./pvalue.js";

/** See {@link P}. */
export class AppliedTo<I extends PValue> {
  constructor(readonly value: I) {}

  /** Applies a transform to the value, under its own name or the given one. */
  apply<O extends PValue>(transform: PTransform<I, O>): O;
  apply<O extends PValue>(name: string, transform: PTransform<I, O>): O;
  apply<O extends PValue>(...args: [PTransform<I, O>] | [string, PTransform<I, O>]): O {
    return pipelineOf(this.value).applyTo<I, O>(this.value, ...args);
  }
}

/**
 * Lets transforms be applied to several PCollections at once: `P([a, b]).apply(flatten())`,
 * `P({ orders, people }).apply(coGroupByKey())`.
 *
 * @throws GirderError on `apply`: `invalid-argument` for a value without PCollections, `invalid-pipeline` for PCollections of
 * several pipelines.
 */
export function P<const I extends PValue>(value: I): AppliedTo<I> {
  return new AppliedTo(value);
}

/** Where a pipeline begins. */
import type { Pipeline } from "./pipeline.js";
import type { PTransform, PValue } from "./pvalue.js";

/** What sources are applied to. */
export class Root {
  /** Tells it from a PCollection, to which no source can be applied; has no value. */
  declare readonly _root: never;

  constructor(readonly pipeline: Pipeline) {}

  /** Applies a source, under its own name or the given one. */
  apply<O extends PValue>(transform: PTransform<Root, O>): O;
  apply<O extends PValue>(name: string, transform: PTransform<Root, O>): O;
  apply<O extends PValue>(...args: [PTransform<Root, O>] | [string, PTransform<Root, O>]): O {
    return this.pipeline.applyTo(this, ...args);
  }
}

import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";

/** A ParDo whose work on one element can be divided. */
export function splittable<I, O>(name: string, doFn: SplittableDoFn<I, O>): PTransform<PCollection<I>, PCollection<O>> {
  return named(name, (input) =>
    input.pipeline.parDo<O>(
      input,
      { kind: "splittable", doFn: doFn as SplittableDoFn<never, unknown>, context: {} },
      undefined,
    ),
  );
}

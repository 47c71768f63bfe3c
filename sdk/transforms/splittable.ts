import { GirderError } from "../../portability/errors.js";
import type { Context } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { OffsetRange } from "../splittable/offset-range-tracker.js";
import type { AnySplittable, SplittableDoFn } from "../splittable/splittable-do-fn.js";

/**
 * A ParDo whose work on one element can be divided. Its output is unbounded if the input is, or the DoFn says that it is.
 *
 * A context, as the third argument, is what `process` is given beside its watermark estimator; `watermark` is that one's name.
 *
 * @throws GirderError `invalid-argument` when it is applied, for a DoFn or a context that is none.
 */
export function splittable<I, O, R = OffsetRange, P = number, W = unknown>(
  name: string,
  doFn: SplittableDoFn<I, O, R, P, W>,
): PTransform<PCollection<I>, PCollection<O>>;
export function splittable<I, O, R, P, W, C extends Context>(
  name: string,
  doFn: SplittableDoFn<I, O, R, P, W, C>,
  context: C,
): PTransform<PCollection<I>, PCollection<O>>;
export function splittable<I, O>(
  name: string,
  doFn: AnySplittable,
  context: Context = {},
): PTransform<PCollection<I>, PCollection<O>> {
  return named(name, (input) => {
    check(doFn, context, input.pipeline.where);
    return input.pipeline.parDo<O>(input, { kind: "splittable", doFn, context }, undefined);
  });
}

function check(doFn: AnySplittable, context: Context, where: string): void {
  for (const method of ["initialRestriction", "process"] as const) {
    if (typeof doFn?.[method] === "function") continue;
    throw new GirderError("invalid-argument", `A splittable DoFn has no method ${method}.`, {
      where,
      remedy: "Give it initialRestriction and process; see SplittableDoFn.",
    });
  }
  if ("watermark" in context) {
    throw new GirderError("invalid-argument", "A context has a member watermark, which is the estimator's name.", {
      where,
      remedy: "Give the member another name.",
    });
  }
}

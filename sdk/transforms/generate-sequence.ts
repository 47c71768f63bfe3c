import { VARINT_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { impulse } from "./impulse.js";
import { splittable } from "./splittable.js";

/**
 * The whole numbers from `from` (inclusive, default 0) to `to` (exclusive), in bundles that end when their time is over.
 *
 * @throws GirderError `invalid-argument` for bounds that are not safe integers.
 */
export function generateSequence(range: {
  readonly from?: number;
  readonly to: number;
}): PTransform<Root, PCollection<number>> {
  const { from = 0, to } = range;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) {
    throw new GirderError("invalid-argument", `A sequence cannot run from ${from} to ${to}.`, {
      remedy: "Give whole numbers up to 2^53 − 1.",
    });
  }
  const numbers: SplittableDoFn<Uint8Array, number> = {
    initialRestriction: () => ({ from, to: Math.max(from, to) }),
    process(_, tracker, output) {
      for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(i);
    },
  };
  return named("GenerateSequence", (root) =>
    root
      .apply(impulse())
      .apply(splittable("Numbers", numbers))
      .withCoder(VARINT_CODER as never),
  );
}

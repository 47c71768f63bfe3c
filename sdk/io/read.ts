import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { impulse } from "../transforms/impulse.js";
import { splittable } from "../transforms/splittable.js";
import { ReadDoFn } from "./read-do-fn.js";
import type { Source } from "./source.js";

/** How a source is read. */
export interface ReadOptions {
  /** About how many parts the source is asked to divide itself into. Default 8. */
  readonly parts?: number;
}

const PARTS = 8;

/**
 * The elements of a source. Its output is unbounded where the source is.
 *
 * Readers stay open between bundles. One that is not there any more, because its bundle was lost or goes on in another
 * process, is opened anew from its mark, or from the beginning of its part.
 *
 * @throws GirderError `invalid-argument` for what is no source, and for a number of parts that is none.
 */
export function read<T, S, M>(source: Source<T, S, M>, options: ReadOptions = {}): PTransform<Root, PCollection<T>> {
  const { parts = PARTS } = options;
  if (typeof source?.split !== "function" || typeof source.open !== "function") {
    throw new GirderError("invalid-argument", "read was given something that is no source.", {
      remedy: "Give it an object with the methods split and open; see Source.",
    });
  }
  if (!Number.isInteger(parts) || parts < 1) {
    throw new GirderError("invalid-argument", `A source cannot be divided into ${parts} parts.`, {
      remedy: "Give parts a whole number, 1 or more.",
    });
  }
  return named("Read", (root) => root.apply(impulse()).apply(splittable("Parts", new ReadDoFn(source, parts))));
}

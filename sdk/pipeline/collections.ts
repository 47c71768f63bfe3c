/** The PCollections inside of what a transform takes or gives. */
import { GirderError } from "../../portability/errors.js";
import { PCollection } from "./pcollection.js";
import type { Pipeline } from "./pipeline.js";
import type { PInput, PValue } from "./pvalue.js";
import { Root } from "./root.js";

/** The PCollections of a value, each under the name it has there: `main`, `left`, `outer.inner`, `0`. */
export function* collections(value: PInput, name = ""): Generator<[string, PCollection<unknown>]> {
  if (value instanceof PCollection) yield [name === "" ? "main" : name, value];
  else if (value instanceof Root || value === null || typeof value !== "object") return;
  else {
    for (const [key, member] of Object.entries(value)) {
      yield* collections(member as PValue, name === "" ? key : `${name}.${key}`);
    }
  }
}

/**
 * The pipeline that a value belongs to.
 *
 * @throws GirderError `invalid-argument` for a value without PCollections, `invalid-pipeline` for PCollections of several
 * pipelines.
 */
export function pipelineOf(value: PInput): Pipeline {
  if (value instanceof Root) return value.pipeline;
  const pipelines = new Set(Array.from(collections(value), ([, { pipeline }]) => pipeline));
  const [pipeline] = pipelines;
  if (pipeline === undefined) {
    throw new GirderError("invalid-argument", "A transform was applied to a value that holds no PCollections.", {
      remedy: "Apply it to a PCollection, or to an object or array of them.",
    });
  }
  if (pipelines.size > 1) {
    throw new GirderError("invalid-pipeline", "A transform was applied to PCollections of several pipelines.", {
      where: Array.from(collections(value), ([, { id }]) => id).join(", "),
      remedy: "Build all of them from the root of one pipeline.",
    });
  }
  return pipeline;
}

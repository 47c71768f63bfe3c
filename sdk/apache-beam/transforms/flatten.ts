/**
 * The union of PCollections.
 *
 * @module girder/apache-beam/transforms/flatten
 */
import type { PCollection as GirderPCollection } from "../../pipeline/pcollection.js";
import { flatten as girderFlatten } from "../../transforms/flatten.js";
import { PCollection } from "../pvalue.js";
import { type PTransform, withName } from "./transform.js";

/** All elements of several PCollections: `P([a, b]).apply(flatten())`. */
export function flatten<T>(): PTransform<PCollection<T>[], PCollection<T>> {
  return withName(
    "flatten",
    (inputs: PCollection<T>[]) =>
      new PCollection(girderFlatten<GirderPCollection<T>>()(inputs.map(({ girder }) => girder))),
  );
}

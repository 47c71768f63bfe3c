/**
 * What transforms are made of.
 *
 * @module girder/apache-beam/transforms/utils
 */
import { reshuffle as girderReshuffle } from "../../transforms/reshuffle.js";
import { PCollection } from "../pvalue.js";
import { type PTransform, withName } from "./transform.js";

/** The same elements, dealt out anew: what is before is not computed together with what follows. */
export function reshuffle<T>(): PTransform<PCollection<T>, PCollection<T>> {
  return withName("reshuffle", (input: PCollection<T>) => new PCollection<T>(girderReshuffle<T>()(input.girder)));
}

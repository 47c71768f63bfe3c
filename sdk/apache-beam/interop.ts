/**
 * The door in the wall: transforms of `girder` on PCollections of `girder/apache-beam`.
 *
 * @module girder/apache-beam/interop
 */
import type { PCollection as GirderPCollection } from "../pipeline/pcollection.js";
import type { PValue as GirderPValue, PTransform as GirderTransform } from "../pipeline/pvalue.js";
import type { Root as GirderRoot } from "../pipeline/root.js";
import type { Loose } from "./adapt/loose.js";
import { fromGirder, type PCollection, type PValue, type Root, toGirder } from "./pvalue.js";
import { withName } from "./transforms/transform.js";

/**
 * A transform of `girder` as one of `girder/apache-beam`: `words.apply(using(distinct()))`.
 *
 * The other way round there is no need of it: `pcoll.girder` is the PCollection of `girder`.
 */
export function using<T, U>(
  transform: GirderTransform<GirderPCollection<T>, GirderPCollection<U>>,
): (input: PCollection<T>) => PCollection<U>;
export function using<U>(transform: GirderTransform<GirderRoot, GirderPCollection<U>>): (root: Root) => PCollection<U>;
export function using(transform: GirderTransform<Loose, GirderPValue>): (input: PValue<Loose>) => Loose;
export function using(transform: GirderTransform<Loose, GirderPValue>): (input: PValue<Loose>) => Loose {
  const { name } = transform;
  const official = (input: PValue<Loose>): PValue<Loose> => fromGirder(transform(toGirder(input, name)));
  return withName(name === "" ? "Transform" : name, official);
}

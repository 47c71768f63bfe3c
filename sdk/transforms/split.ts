import { GirderError } from "../../portability/errors.js";
import { addParDo } from "../pipeline/element-wise.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/** The property names of any of the types of a union. */
type KeysOfAny<T> = T extends unknown ? keyof T & string : never;
/** What a property holds in those types of a union that have it. */
type ValueOfAny<T, Tag> = T extends unknown ? (Tag extends keyof T ? Required<T>[Tag] : never) : never;

/**
 * Elements of the form `{ tag: value }` dealt out to a PCollection of values for each tag.
 *
 * An element with several tags goes to each of them. A tag that is not among those named is a `user-exception` when the
 * pipeline runs.
 *
 * @throws GirderError `invalid-argument` for no tags, or one twice.
 * @example `const { word, error } = parsed.apply(split("word", "error"));`
 */
export function split<T extends object, const Tags extends readonly KeysOfAny<T>[]>(
  ...tags: Tags
): PTransform<PCollection<T>, { readonly [Tag in Tags[number]]: PCollection<ValueOfAny<T, Tag>> }> {
  if (tags.length === 0 || new Set(tags).size < tags.length) {
    throw new GirderError("invalid-argument", `split was given the tags ${JSON.stringify(tags)}.`, {
      remedy: "Name each tag that elements may have, once.",
    });
  }
  return named("Split", (input) => {
    const route = (element: T) => Object.entries(element).map(([tag, value]: [string, unknown]) => ({ tag, value }));
    const outputs = Object.fromEntries(tags.map((tag) => [tag, undefined]));
    const routed = addParDo(input.pipeline, input, { kind: "route", fn: route, context: {} }, outputs);
    return routed as { readonly [Tag in Tags[number]]: PCollection<ValueOfAny<T, Tag>> };
  });
}

/** Elements as strings, in the form of `String(value)`. */
import type { KV } from "../../portability/coders/index.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";

/** Each element as a string. */
export function toStringElements(): PTransform<PCollection<unknown>, PCollection<string>> {
  return named("ToStringElements", (input) => input.map("ToString", (element) => String(element)));
}

/** Each pair as a string: key, delimiter (default: a comma), value. */
export function toStringKvs(delimiter = ","): PTransform<PCollection<KV<unknown, unknown>>, PCollection<string>> {
  return named("ToStringKvs", (input) =>
    input.map("ToString", ({ key, value }) => `${String(key)}${delimiter}${String(value)}`),
  );
}

/** Each iterable element as a string: its members with a delimiter (default: a comma) between them. */
export function toStringIterables(delimiter = ","): PTransform<PCollection<Iterable<unknown>>, PCollection<string>> {
  return named("ToStringIterables", (input) =>
    input.map("ToString", (element) => Array.from(element, String).join(delimiter)),
  );
}

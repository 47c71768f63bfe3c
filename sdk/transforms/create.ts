import { BOOL_CODER, type Coder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { impulse } from "./impulse.js";
import { reshuffle } from "./reshuffle.js";

/**
 * A PCollection of values that the program already has.
 *
 * Strings, booleans and whole numbers are written with Beam's standard coders, everything else as JavaScript values. More
 * than one value are redistributed, so that what follows is divided into bundles.
 */
export function create<T>(values: Iterable<T>): PTransform<Root, PCollection<T>> {
  const elements = Array.from(values);
  return named("Create", (root) => {
    const created = root.apply(impulse()).flatMap("Values", () => elements);
    const coder = coderFor(elements) as Coder<T> | undefined;
    if (coder !== undefined) created.withCoder(coder);
    return elements.length > 1 ? created.apply(reshuffle()) : created;
  });
}

/** The standard coder that fits all values; undefined if there is none, or no values to go by. */
function coderFor(values: readonly unknown[]): Coder<unknown> | undefined {
  if (values.length === 0) return undefined;
  if (values.every((value) => typeof value === "string")) return STRING_CODER as Coder<unknown>;
  if (values.every((value) => typeof value === "boolean")) return BOOL_CODER as Coder<unknown>;
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && !Object.is(value, -0);
  return values.every(whole) ? (VARINT_CODER as Coder<unknown>) : undefined;
}

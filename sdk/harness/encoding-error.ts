/** What is said where an element does not fit its coder. */
import { GirderError, messageOf } from "../../portability/errors.js";
import { excerpt } from "./user-error.js";

/**
 * What a coder threw, with the transform that has output the value, and the value.
 *
 * A value may throw anything when it is looked at, in a getter or an iterator: that, too, is `cannot-encode`.
 */
export function encodingError(thrown: unknown, transform: string, value: unknown): GirderError {
  const known = thrown instanceof GirderError ? thrown : undefined;
  const what = known?.what ?? `It threw while it was written: ${messageOf(thrown)}.`;
  return new GirderError(
    known?.code ?? "cannot-encode",
    known?.where === undefined ? what : `${what} In ${known.where}.`,
    {
      where: transform,
      element: excerpt(value),
      remedy:
        known?.remedy ?? "Output a value that the coder can write, or give the PCollection another one with withCoder.",
      cause: thrown,
    },
  );
}

/** Values of a type that JavaScript does not tell from others. */
import { GirderError } from "../../portability/errors.js";

/** Types of fields, as Beam's schemas call them. */
export type FieldTypeName =
  | "byte"
  | "int16"
  | "int32"
  | "int64"
  | "float"
  | "double"
  | "string"
  | "boolean"
  | "bytes"
  | "decimal"
  | "python_callable";

/** See {@link typed}. */
export class TypedValue {
  constructor(
    readonly type: FieldTypeName,
    readonly value: unknown,
  ) {}
}

/**
 * A value in the configuration of another SDK's transform, of this very type: `typed("int32", 5)` where a Java constructor wants an
 * int. Otherwise whole numbers are int64, others double. A value of `null` is one that is not there.
 */
export function typed(type: FieldTypeName, value: unknown): TypedValue {
  return new TypedValue(type, value);
}

/**
 * A Python function, or whatever else Python's source text evaluates to, in the configuration of a Python transform:
 * `pythonCallable("lambda word: (word, len(word))")`.
 *
 * @throws GirderError `invalid-argument` for an empty text.
 */
export function pythonCallable(source: string): TypedValue {
  if (source.trim() === "") throw new GirderError("invalid-argument", "A Python function has no source text.");
  return new TypedValue("python_callable", source);
}

/** Logical types of an author's own: values of any class as fields of rows. */
import type { FieldCodec } from "./row-atoms.js";

/**
 * How the values of a logical type become values of its representation and back (`LogicalType` of `schema.proto`).
 *
 * The functions belong to the process, not to a schema: a process that has not registered a type sees its representation.
 */
export interface LogicalTypeConversion<T, R> {
  /** What tells the type from others, wherever its values are read. */
  readonly urn: string;
  toRepresentation(value: T): R;
  fromRepresentation(representation: R): T;
}

const CONVERSIONS = new Map<string, LogicalTypeConversion<unknown, unknown>>();

/** Has row coders that are made from now on convert the values of a logical type. One of the same URN takes the earlier one's place. */
export function registerLogicalType<T, R>(conversion: LogicalTypeConversion<T, R>): void {
  CONVERSIONS.set(conversion.urn, conversion as LogicalTypeConversion<unknown, unknown>);
}

/** The codec of a logical type's values, of that of its representation. Without a conversion it is the latter. */
export function convertedCodec(urn: string, representation: FieldCodec): FieldCodec {
  const conversion = CONVERSIONS.get(urn);
  if (conversion === undefined) return representation;
  return {
    nondeterminism: representation.nondeterminism,
    encode: (value, out) => representation.encode(conversion.toRepresentation(value), out),
    decode: (input) => conversion.fromRepresentation(representation.decode(input)),
  };
}

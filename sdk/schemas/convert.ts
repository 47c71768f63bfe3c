/** Rows of one schema as rows of another. */
import { GirderError } from "../../portability/errors.js";
import {
  AtomicType,
  type FieldType as FieldTypeProto,
  type Schema as SchemaProto,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { typeName } from "./plain.js";
import { rows, type Schema, schemaOf } from "./schema.js";

type Convert = (value: unknown) => unknown;
type Fields = Readonly<Record<string, unknown>>;

/**
 * Rows of an older or newer schema as rows of this one, field by field, by name. A field that they do not have is null; one that this
 * schema does not have is left out; integers may become longer ones, and floats doubles; rows inside of rows likewise.
 *
 * @throws GirderError `invalid-argument`, with every reason, where a field that may not be null may be missing or null, or is of
 * another type.
 */
export function convertTo<T extends object>(to: Schema<T>): PTransform<PCollection<object>, PCollection<T>> {
  return named("ConvertTo", (input) => {
    const faults: string[] = [];
    const convert = rowConversion(schemaOf(input).proto, to.proto, "", faults);
    if (faults.length > 0) {
      throw new GirderError("invalid-argument", `Rows cannot be converted: ${faults.join("; ")}.`, {
        where: input.pipeline.where,
        remedy: "Make fields nullable that may be missing, or map the rows by a function of your own.",
      });
    }
    return rows(input, to, convert);
  });
}

function rowConversion(from: SchemaProto, to: SchemaProto, path: string, faults: string[]): Convert {
  const types = new Map(from.fields.map(({ name, type }) => [name, type!]));
  const conversions = to.fields.map(({ name, type }): [string, Convert] => {
    const place = `${path}${name}`;
    const own = types.get(name);
    if (own !== undefined) return [name, conversion(own, type!, place, faults)];
    if (!type!.nullable) faults.push(`${place} is missing`);
    return [name, () => null];
  });
  return (row) => Object.fromEntries(conversions.map(([name, convert]) => [name, convert((row as Fields)[name])]));
}

function conversion(from: FieldTypeProto, to: FieldTypeProto, path: string, faults: string[]): Convert {
  if (from.nullable && !to.nullable) faults.push(`${path} may be null`);
  const convert = ofValues(from, to, path, faults);
  if (convert === undefined) faults.push(`${path} is ${typeName(from)}, not ${typeName(to)}`);
  return (value) => (value === null || value === undefined ? null : (convert ?? same)(value));
}

const same: Convert = (value) => value;

/** Integers by how long they are. */
const INTEGERS = [AtomicType.BYTE, AtomicType.INT16, AtomicType.INT32, AtomicType.INT64];

function ofValues(from: FieldTypeProto, to: FieldTypeProto, path: string, faults: string[]): Convert | undefined {
  const [a, b] = [from.typeInfo, to.typeInfo];
  if (a.case === "atomicType" && b.case === "atomicType") {
    const isLonger = INTEGERS.includes(a.value) && INTEGERS.indexOf(a.value) <= INTEGERS.indexOf(b.value);
    const isFloat = a.value === AtomicType.FLOAT && b.value === AtomicType.DOUBLE;
    return a.value === b.value || isLonger || isFloat ? same : undefined;
  }
  const isSequence = (info: typeof a): info is Extract<typeof a, { case: "arrayType" | "iterableType" }> =>
    info.case === "arrayType" || info.case === "iterableType";
  if (isSequence(a) && isSequence(b)) {
    const each = conversion(a.value.elementType!, b.value.elementType!, `${path}[]`, faults);
    return (values) => Array.from(values as Iterable<unknown>, each);
  }
  if (a.case === "mapType" && b.case === "mapType") {
    const key = conversion(a.value.keyType!, b.value.keyType!, `key of ${path}`, faults);
    const value = conversion(a.value.valueType!, b.value.valueType!, `${path}[]`, faults);
    return (map) => new Map(Array.from(map as ReadonlyMap<unknown, unknown>, ([k, v]) => [key(k), value(v)]));
  }
  if (a.case === "rowType" && b.case === "rowType") {
    return rowConversion(a.value.schema!, b.value.schema!, `${path}.`, faults);
  }
  return a.case === "logicalType" && b.case === "logicalType" && a.value.urn === b.value.urn ? same : undefined;
}

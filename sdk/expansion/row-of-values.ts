/** Rows made of plain values: configurations of other SDKs' transforms. */
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeToBytes, type Row, RowCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { ExternalConfigurationPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/external_transforms_pb.js";
import {
  AtomicType,
  type FieldType,
  FieldTypeSchema,
  type Schema,
  SchemaSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { LogicalTypes } from "../../portability/urns.js";
import * as types from "../schemas/field-types.js";
import { type FieldTypeName, TypedValue } from "./typed-value.js";

/** A row with its schema. */
export interface SchemaRow {
  readonly schema: Schema;
  readonly row: Row;
}

/** What configures a transform of another SDK: the fields' values, by their names. Those that are undefined are left out. */
export type Configuration = Readonly<Record<string, unknown>>;

/**
 * The row of plain values, with the schema that they have: strings, booleans, bytes (`Uint8Array`), whole numbers and bigints as
 * int64, other numbers as double, arrays and Maps of values of one type, objects as rows, and {@link typed} values.
 *
 * @param where what is configured, for errors.
 * @throws GirderError `cannot-encode` for a value that is none of these.
 */
export function rowOfValues(values: Configuration, where: string): SchemaRow {
  const fields: { name: string; type: FieldType }[] = [];
  const row: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = fieldOf(value, `${where}, ${name}`);
    fields.push({ name, type: field.type });
    row[name] = field.value;
  }
  return { schema: schemaOf(fields), row };
}

/** A schema of these fields. */
export function schemaOf(fields: readonly { readonly name: string; readonly type: FieldType }[]): Schema {
  return create(SchemaSchema, {
    fields: fields.map(({ name, type }, index) => ({ name, type, id: index, encodingPosition: index })),
  });
}

/** The bytes of a row. @throws GirderError `cannot-encode` */
export function encodeRow({ schema, row }: SchemaRow): Uint8Array {
  return encodeToBytes(new RowCoder(schema), row);
}

/** A configuration as most transforms of other SDKs take it: `ExternalConfigurationPayload`. */
export function externalConfiguration(values: SchemaRow): Uint8Array {
  return toBinary(
    ExternalConfigurationPayloadSchema,
    create(ExternalConfigurationPayloadSchema, { schema: values.schema, payload: encodeRow(values) }),
  );
}

interface Field {
  readonly type: FieldType;
  readonly value: unknown;
}

const TYPES: Readonly<Record<FieldTypeName, types.FieldType<unknown>>> = {
  byte: types.byte(),
  int16: types.int16(),
  int32: types.int32(),
  int64: types.int64(),
  float: types.float(),
  double: types.double(),
  string: types.string(),
  boolean: types.boolean(),
  bytes: types.bytes(),
  decimal: types.decimal(),
  python_callable: types.logical(LogicalTypes.Enum.PYTHON_CALLABLE, types.string()),
};

/** The type of a field by its name. */
export function fieldType(name: FieldTypeName, nullable = false): FieldType {
  const type = TYPES[name];
  return (nullable ? types.nullable(type) : type).proto;
}

function fieldOf(value: unknown, where: string): Field {
  switch (typeof value) {
    case "string":
    case "boolean":
      return { type: fieldType(typeof value as "string" | "boolean"), value };
    case "bigint":
      return { type: fieldType("int64"), value };
    case "number":
      return { type: fieldType(Number.isSafeInteger(value) ? "int64" : "double"), value };
    case "object":
      return fieldOfObject(value, where);
    default:
      throw unfit(value, where);
  }
}

function fieldOfObject(value: object | null, where: string): Field {
  if (value === null) return { type: fieldType("string", true), value };
  if (value instanceof TypedValue) return { type: fieldType(value.type, value.value === null), value: value.value };
  if (value instanceof Uint8Array) return { type: fieldType("bytes"), value };
  if (Array.isArray(value)) {
    const { type, values } = elements(value, where);
    return {
      type: create(FieldTypeSchema, { typeInfo: { case: "arrayType", value: { elementType: type } } }),
      value: values,
    };
  }
  if (value instanceof Map) {
    const keys = elements([...value.keys()], where);
    const entries = elements([...value.values()], where);
    const mapType = { keyType: keys.type, valueType: entries.type };
    return {
      type: create(FieldTypeSchema, { typeInfo: { case: "mapType", value: mapType } }),
      value: new Map(keys.values.map((key, i) => [key, entries.values[i]])),
    };
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unfit(value, where);
  const { schema, row } = rowOfValues(value as Configuration, where);
  return { type: create(FieldTypeSchema, { typeInfo: { case: "rowType", value: { schema } } }), value: row };
}

/** Values of one type: numbers of which one is no whole number are all doubles, and those of which one is null may be. */
function elements(values: readonly unknown[], where: string): { readonly type: FieldType; readonly values: unknown[] } {
  const fields = values.map((value) => fieldOf(value, where));
  const some = fields.filter((_, i) => values[i] !== null);
  const isDouble = some.some(({ type }) => type.typeInfo.value === AtomicType.DOUBLE);
  const allNumbers = some.every((_, i) => typeof some[i]!.value === "number");
  const first = some[0];
  const type = isDouble && allNumbers ? fieldType("double") : (first?.type ?? fieldType("string"));
  const texts = new Set(isDouble && allNumbers ? [] : some.map((field) => textOf(field.type)));
  if (texts.size > 1) {
    throw new GirderError("cannot-encode", "An array or map has values of several types.", {
      where,
      remedy: "Give it values of one type; objects need the same properties.",
    });
  }
  const nullable = type.nullable || some.length < fields.length;
  return {
    type: create(FieldTypeSchema, { nullable, typeInfo: type.typeInfo }),
    values: fields.map(({ value }) => value),
  };
}

function textOf(type: FieldType): string {
  return Buffer.from(toBinary(FieldTypeSchema, type)).toString("latin1");
}

function unfit(value: unknown, where: string): GirderError {
  const what =
    typeof value === "object" ? `an instance of ${value?.constructor?.name ?? "a class"}` : `a ${typeof value}`;
  return new GirderError("cannot-encode", `A configuration cannot have ${what} in it.`, {
    where,
    remedy:
      "Make it of strings, numbers, bigints, booleans, Uint8Arrays, arrays, Maps and plain objects; typed() says which type.",
  });
}

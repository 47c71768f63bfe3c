/** Rows of plain objects, and plain objects of rows. */
import { GirderError } from "../../portability/errors.js";
import {
  AtomicType,
  type FieldType as FieldTypeProto,
  type Schema as SchemaProto,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { LogicalTypes } from "../../portability/urns.js";

const { Enum } = LogicalTypes;
const MS_PER_DAY = 86_400_000;

type Fields = Readonly<Record<string, unknown>>;

/** @throws GirderError `cannot-encode`, with the field. */
export function fromPlain(object: object, { fields }: SchemaProto, path = ""): Fields {
  return Object.fromEntries(
    fields.map(({ name, type }) => [
      name,
      valueFrom((object as Fields)[name], type!, path === "" ? name : `${path}.${name}`),
    ]),
  );
}

/** The inverse of {@link fromPlain}, as far as objects tell. */
export function toPlain(row: object, { fields }: SchemaProto): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ name, type }) => [name, plainOf((row as Fields)[name], type!)]));
}

function valueFrom(value: unknown, type: FieldTypeProto, where: string): unknown {
  if (value === null || value === undefined) {
    if (type.nullable) return null;
    throw notOf(type, value, where);
  }
  const { typeInfo } = type;
  switch (typeInfo.case) {
    case "atomicType":
      if (isAtomic(value, typeInfo.value)) return value;
      throw notOf(type, value, where);
    case "arrayType":
    case "iterableType":
      if (typeof value !== "object" || !(Symbol.iterator in value)) throw notOf(type, value, where);
      return Array.from(value as Iterable<unknown>, (each, i) =>
        valueFrom(each, typeInfo.value.elementType!, `${where}[${i}]`),
      );
    case "mapType": {
      if (typeof value !== "object") throw notOf(type, value, where);
      const { keyType, valueType } = typeInfo.value;
      const entries: Iterable<[unknown, unknown]> = value instanceof Map ? value : Object.entries(value);
      return new Map(
        Array.from(entries, ([key, each]) => [
          valueFrom(key, keyType!, `key of ${where}`),
          valueFrom(each, valueType!, `${where}[${String(key)}]`),
        ]),
      );
    }
    case "rowType":
      if (typeof value !== "object") throw notOf(type, value, where);
      return fromPlain(value, typeInfo.value.schema!, where);
    case "logicalType":
      return logicalFrom(value, typeInfo.value.urn);
    default:
      throw notOf(type, value, where);
  }
}

/** Values of logical types are what their own codecs or conversions take, which check them. */
function logicalFrom(value: unknown, urn: string): unknown {
  if (!(value instanceof Date)) return value;
  const ms = value.getTime();
  const seconds = Math.floor(ms / 1000);
  switch (urn) {
    case Enum.MILLIS_INSTANT:
      return ms;
    case Enum.DATE:
      return Math.floor(ms / MS_PER_DAY);
    case Enum.MICROS_INSTANT:
      return { seconds, micros: (ms - seconds * 1000) * 1000 };
    default:
      return value;
  }
}

function plainOf(value: unknown, { typeInfo }: FieldTypeProto): unknown {
  if (value === null || value === undefined) return null;
  switch (typeInfo.case) {
    case "arrayType":
    case "iterableType":
      return Array.from(value as Iterable<unknown>, (each) => plainOf(each, typeInfo.value.elementType!));
    case "mapType": {
      const { keyType, valueType } = typeInfo.value;
      const entries = Array.from(
        value as ReadonlyMap<unknown, unknown>,
        ([key, each]) => [key, plainOf(each, valueType!)] as const,
      );
      const isText = keyType!.typeInfo.case === "atomicType" && keyType!.typeInfo.value === AtomicType.STRING;
      return isText ? Object.fromEntries(entries as [string, unknown][]) : new Map(entries);
    }
    case "rowType":
      return toPlain(value as object, typeInfo.value.schema!);
    case "logicalType":
      if (typeInfo.value.urn === Enum.MILLIS_INSTANT) return new Date(Number(value));
      return typeInfo.value.urn === Enum.DATE ? new Date(Number(value) * MS_PER_DAY) : value;
    default:
      return value;
  }
}

const BITS: ReadonlyMap<AtomicType, number> = new Map([
  [AtomicType.BYTE, 8],
  [AtomicType.INT16, 16],
  [AtomicType.INT32, 32],
]);

function isAtomic(value: unknown, type: AtomicType): boolean {
  switch (type) {
    case AtomicType.STRING:
      return typeof value === "string";
    case AtomicType.BOOLEAN:
      return typeof value === "boolean";
    case AtomicType.BYTES:
      return value instanceof Uint8Array;
    case AtomicType.FLOAT:
    case AtomicType.DOUBLE:
      return typeof value === "number";
    case AtomicType.INT64:
      return Number.isSafeInteger(value) || (typeof value === "bigint" && BigInt.asIntN(64, value) === value);
    default: {
      const bound = 2 ** ((BITS.get(type) ?? 0) - 1);
      return Number.isInteger(value) && (value as number) >= -bound && (value as number) < bound;
    }
  }
}

function notOf(type: FieldTypeProto, value: unknown, where: string): GirderError {
  const shown = typeof value === "object" && value !== null ? "an object" : String(value);
  return new GirderError("cannot-encode", `${shown} is not of the field's type, ${typeName(type)}.`, {
    where: `field ${where}`,
    remedy: "Give a value of that type, or say another type in the schema: nullable(…) where there may be none.",
  });
}

/** A field type as a message shows it. */
export function typeName(type: FieldTypeProto): string {
  const { typeInfo, nullable } = type;
  const end = nullable ? " or null" : "";
  switch (typeInfo.case) {
    case "atomicType":
      return AtomicType[typeInfo.value].toLowerCase() + end;
    case "arrayType":
    case "iterableType":
      return `array of ${typeName(typeInfo.value.elementType!)}${end}`;
    case "mapType":
      return `map of ${typeName(typeInfo.value.keyType!)} to ${typeName(typeInfo.value.valueType!)}${end}`;
    case "rowType":
      return `row${end}`;
    case "logicalType":
      return typeInfo.value.urn + end;
    default:
      return "unknown";
  }
}

/** Types of fields as TypeScript is written. */
import {
  AtomicType,
  type Field,
  type FieldType,
  type Schema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { LogicalTypes } from "../../../portability/urns.js";
import { docComment } from "./doc-comment.js";

const { Enum } = LogicalTypes;

const ATOMIC: Readonly<Record<AtomicType, string>> = {
  [AtomicType.UNSPECIFIED]: "unknown",
  [AtomicType.BYTE]: "number",
  [AtomicType.INT16]: "number",
  [AtomicType.INT32]: "number",
  [AtomicType.INT64]: "number | bigint",
  [AtomicType.FLOAT]: "number",
  [AtomicType.DOUBLE]: "number",
  [AtomicType.STRING]: "string",
  [AtomicType.BOOLEAN]: "boolean",
  [AtomicType.BYTES]: "Uint8Array",
};

/** Logical types whose values are not those of their representation. */
const LOGICAL: ReadonlyMap<string, string> = new Map([[Enum.DECIMAL, "string"]]);

/** The type of a field's values. @param indent of the line that it begins on. */
export function typeText(type: FieldType, indent: string): string {
  const { typeInfo, nullable } = type;
  const own = notNullText(typeInfo, indent);
  return nullable ? `${own} | null` : own;
}

function notNullText(typeInfo: FieldType["typeInfo"], indent: string): string {
  switch (typeInfo.case) {
    case "atomicType":
      return ATOMIC[typeInfo.value] ?? "unknown";
    case "arrayType":
    case "iterableType":
      return `readonly ${bracketed(typeText(typeInfo.value.elementType!, indent))}[]`;
    case "mapType": {
      const { keyType, valueType } = typeInfo.value;
      return `ReadonlyMap<${typeText(keyType!, indent)}, ${typeText(valueType!, indent)}>`;
    }
    case "rowType":
      return objectText(typeInfo.value.schema!, indent);
    case "logicalType": {
      const { urn, representation } = typeInfo.value;
      return LOGICAL.get(urn) ?? (representation === undefined ? "unknown" : typeText(representation, indent));
    }
    default:
      return "unknown";
  }
}

/** The type of objects with these fields: those that may be null may also be left out. */
export function objectText({ fields }: Schema, indent: string): string {
  if (fields.length === 0) return "Readonly<Record<string, never>>";
  return `{\n${fields.map((field) => fieldText(field, `${indent}  `)).join("")}${indent}}`;
}

function fieldText({ name, description, type }: Field, indent: string): string {
  const doc = docComment(description, indent);
  return `${doc}${indent}readonly ${propertyName(name)}${type!.nullable ? "?" : ""}: ${typeText(type!, indent)};\n`;
}

/** A name as a property is written. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function bracketed(text: string): string {
  return /^(readonly |.* \| )/s.test(text) ? `(${text})` : text;
}

/**
 * Types of the fields of rows: what Beam's schemas have, with the types that their values have here.
 *
 * ```ts
 * const ORDERS = schema({ id: int64(), buyer: string(), total: nullable(double()), tags: array(string()) });
 * ```
 */
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  AtomicType,
  type FieldType as FieldTypeProto,
  FieldTypeSchema,
  type FieldValue,
  FieldValueSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { LogicalTypes } from "../../portability/urns.js";
import type { Schema } from "./schema.js";

/** An integer of 64 bits: a number where that is exact, else a bigint. */
export type Integer = number | bigint;

/** The type of a field (`FieldType` of `schema.proto`) whose values are of type `T`. */
export class FieldType<out T> {
  /** Carries the type; has no value. */
  declare readonly _value: T;

  constructor(readonly proto: FieldTypeProto) {}
}

/** What values of a field type are. */
export type ValueOf<F> = F extends FieldType<infer T> ? T : never;

type TypeInfo = FieldTypeProto["typeInfo"];

const of = <T>(typeInfo: TypeInfo): FieldType<T> => new FieldType(create(FieldTypeSchema, { typeInfo }));
const atomic = <T>(type: AtomicType): FieldType<T> => of({ case: "atomicType", value: type });
const nested = (typeInfo: object): TypeInfo => create(FieldTypeSchema, { typeInfo: typeInfo as never }).typeInfo;

/** An integer of 8 bits, −128 to 127. */
export const byte = (): FieldType<number> => atomic(AtomicType.BYTE);
/** An integer of 16 bits. */
export const int16 = (): FieldType<number> => atomic(AtomicType.INT16);
/** An integer of 32 bits. */
export const int32 = (): FieldType<number> => atomic(AtomicType.INT32);
/** An integer of 64 bits: a number where that is exact, else a bigint. */
export const int64 = (): FieldType<Integer> => atomic(AtomicType.INT64);
/** A number written with 32 bits: what is behind the seventh digit is lost. */
export const float = (): FieldType<number> => atomic(AtomicType.FLOAT);
/** A number. */
export const double = (): FieldType<number> => atomic(AtomicType.DOUBLE);
export const string = (): FieldType<string> => atomic(AtomicType.STRING);
export const boolean = (): FieldType<boolean> => atomic(AtomicType.BOOLEAN);
export const bytes = (): FieldType<Uint8Array> => atomic(AtomicType.BYTES);

/** The same, or null. */
export function nullable<T>(type: FieldType<T>): FieldType<T | null> {
  return new FieldType(create(FieldTypeSchema, { ...type.proto, nullable: true }));
}

/** An array of values of one type. */
export function array<T>(element: FieldType<T>): FieldType<readonly T[]> {
  return of(nested({ case: "arrayType", value: { elementType: element.proto } }));
}

/** What other SDKs may read without having it all in memory. Here it is an array, too. */
export function iterable<T>(element: FieldType<T>): FieldType<readonly T[]> {
  return of(nested({ case: "iterableType", value: { elementType: element.proto } }));
}

/** A `Map`. */
export function map<K, V>(key: FieldType<K>, value: FieldType<V>): FieldType<ReadonlyMap<K, V>> {
  return of(nested({ case: "mapType", value: { keyType: key.proto, valueType: value.proto } }));
}

/** A row inside of a row. */
export function row<T extends object>(schema: Schema<T>): FieldType<T> {
  return of(nested({ case: "rowType", value: { schema: schema.proto } }));
}

/**
 * A logical type: a name for values that are written as those of a representation. In rows they are what
 * `registerLogicalType` of `girder/coders` makes of them, which gives them type `T`; else those of the representation.
 */
export function logical<T, R = T>(urn: string, representation: FieldType<R>): FieldType<T> {
  return of(nested({ case: "logicalType", value: { urn, representation: representation.proto } }));
}

function withArgument<T>(urn: string, representation: FieldTypeProto, argument: number): FieldType<T> {
  const argumentType = int32().proto;
  const value = { urn, representation, argumentType, argument: int32Value(argument) };
  return of(nested({ case: "logicalType", value }));
}

function int32Value(value: number): FieldValue {
  const atomicValue = { value: { case: "int32" as const, value } };
  return create(FieldValueSchema, { fieldValue: { case: "atomicValue", value: atomicValue } });
}

const { Enum } = LogicalTypes;

/** An instant: ms since 1970. */
export const millisInstant = (): FieldType<Integer> => logical(Enum.MILLIS_INSTANT, int64());

/** An instant: seconds since 1970, and microseconds after those. */
export const microsInstant = (): FieldType<{ readonly seconds: Integer; readonly micros: Integer }> =>
  logical(Enum.MICROS_INSTANT, new FieldType<object>(parts("seconds", int64(), "micros", int64())));

/**
 * An instant: seconds since 1970, and how many parts of a second after those, of which it has 10^precision.
 *
 * @param precision Digits behind the seconds, 0 to 9.
 * @throws GirderError `invalid-argument` for another precision.
 */
export function timestamp(precision: number): FieldType<{ readonly seconds: Integer; readonly subseconds: number }> {
  if (!Number.isInteger(precision) || precision < 0 || precision > 9) {
    throw new GirderError("invalid-argument", `The precision of a timestamp is ${precision}.`, {
      remedy: "Give the number of digits behind the seconds, 0 to 9: 3 for milliseconds.",
    });
  }
  const subseconds = precision < 5 ? int16() : int32();
  return withArgument(Enum.TIMESTAMP, parts("seconds", int64(), "subseconds", subseconds), precision);
}

/** A day, as the number of days since 1970-01-01. */
export const date = (): FieldType<Integer> => logical(Enum.DATE, int64());

/** A decimal number of any size, as text: "-100.123". Its digits behind the point are its scale: "1.0" and "1" differ. */
export const decimal = (): FieldType<string> => logical(Enum.DECIMAL, bytes());

/** So many bytes. */
export const fixedBytes = (length: number): FieldType<Uint8Array> =>
  withArgument(Enum.FIXED_BYTES, bytes().proto, length);
/** At most so many bytes. */
export const varBytes = (length: number): FieldType<Uint8Array> => withArgument(Enum.VAR_BYTES, bytes().proto, length);
/** So many characters. */
export const fixedChar = (length: number): FieldType<string> => withArgument(Enum.FIXED_CHAR, string().proto, length);
/** At most so many characters. */
export const varChar = (length: number): FieldType<string> => withArgument(Enum.VAR_CHAR, string().proto, length);

/** Python source of a function, for transforms written in Python. */
export const pythonCallable = (): FieldType<string> => logical(Enum.PYTHON_CALLABLE, string());

/** The row type of two fields. */
function parts(...[first, firstType, second, secondType]: [string, FieldType<unknown>, string, FieldType<unknown>]) {
  const fields = [
    { name: first, type: firstType.proto },
    { name: second, type: secondType.proto },
  ];
  return of<object>(nested({ case: "rowType", value: { schema: { fields } } })).proto;
}

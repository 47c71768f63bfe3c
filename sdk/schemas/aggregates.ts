/** What is combined of the rows of a group. As SQL has it, null does not count. */
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  AtomicType,
  type FieldType as FieldTypeProto,
  FieldTypeSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { type CombineFn, count, mean } from "../combiners/index.js";
import { double, type FieldType, type Integer, int64 } from "./field-types.js";
import { typeName } from "./plain.js";

/** An aggregate of a field, or of whole rows where it has none; `Output` is a function of the field's type. */
export interface Aggregate<Field extends string, Output> {
  /** Carries the type; has no value. */
  readonly _output?: Output;
  readonly field: Field | undefined;
  /** The combine function for a field of this type, and the type of its output. @throws GirderError `invalid-argument` */
  of(type: FieldTypeProto | undefined): {
    readonly fn: CombineFn<never, unknown, unknown>;
    readonly type: FieldTypeProto;
  };
}

/** Stands in {@link Aggregate} for the field's own type. */
export interface SameAsField {
  readonly _sameAsField: never;
}

/** Stands in {@link Aggregate} for `O`, or null where the field may be null. */
export interface OrNull<O> {
  readonly _orNull: O;
}

/** How many rows there are. */
export function rowCount(): Aggregate<never, Integer> {
  return { field: undefined, of: () => ({ fn: count as CombineFn<never, unknown, unknown>, type: int64().proto }) };
}

/** In how many rows the field is not null. */
export function countOf<const F extends string>(field: F): Aggregate<F, Integer> {
  const fn: CombineFn<unknown, number, number> = {
    ...count,
    addInput: (n, value) => (value === null || value === undefined ? n : n + 1),
  };
  return { field, of: () => ({ fn: fn as CombineFn<never, unknown, unknown>, type: int64().proto }) };
}

/** The sum: of integers exact, as int64; of others as double. Null where the field may be null and has no values. */
export function sumOf<const F extends string>(field: F): Aggregate<F, OrNull<Integer>> {
  return numeric("sumOf", field, (type) => ({ fn: total, type: isInteger(type) ? int64().proto : double().proto }));
}

/** The arithmetic mean, as double. Null where the field may be null and has no values. */
export function meanOf<const F extends string>(field: F): Aggregate<F, OrNull<number>> {
  return numeric("meanOf", field, () => ({
    fn: { ...mean, addInput: (held: never, value: Integer) => mean.addInput(held, Number(value)) } as CombineFn<
      never,
      unknown,
      unknown
    >,
    type: double().proto,
  }));
}

/** The least value: of numbers, text or booleans. */
export function minOf<const F extends string>(field: F): Aggregate<F, SameAsField> {
  return ordered("minOf", field, (a, b) => a < b);
}

/** The greatest value: of numbers, text or booleans. */
export function maxOf<const F extends string>(field: F): Aggregate<F, SameAsField> {
  return ordered("maxOf", field, (a, b) => a > b);
}

/** Any combine function over a field, whose output is of this type. Null is left out. */
export function combinedOf<const F extends string, I, A, O>(
  field: F,
  fn: CombineFn<I, A, O>,
  type: FieldType<O>,
): Aggregate<F, O> {
  return { field, of: () => ({ fn: withoutNulls(fn), type: type.proto }) };
}

type Made = ReturnType<Aggregate<string, unknown>["of"]>;

function numeric<F extends string, O>(name: string, field: F, make: (type: FieldTypeProto) => Made): Aggregate<F, O> {
  return {
    field,
    of(type) {
      if (type === undefined || !(isInteger(type) || isFloat(type))) throw wrongType(name, field, type, "numbers");
      return orNull(make(type), type);
    },
  };
}

function ordered<F extends string>(
  name: string,
  field: F,
  isBefore: (a: never, b: never) => boolean,
): Aggregate<F, SameAsField> {
  const fn: CombineFn<unknown, readonly unknown[], unknown> = {
    createAccumulator: () => [],
    addInput: (held, value) => (held.length === 0 || isBefore(value as never, held[0] as never) ? [value] : held),
    mergeAccumulators(all) {
      let best: readonly unknown[] = [];
      for (const held of all) if (held.length > 0) best = this.addInput(best, held[0]);
      return best;
    },
    extractOutput: (held) => held[0],
  };
  return {
    field,
    of(type) {
      const atomic = type?.typeInfo.case === "atomicType" && type.typeInfo.value !== AtomicType.BYTES;
      if (type === undefined || !atomic) throw wrongType(name, field, type, "numbers, text or booleans");
      return orNull({ fn: fn as CombineFn<never, unknown, unknown>, type }, type);
    },
  };
}

/** Sums integers exactly, and others as numbers are added. */
const total = {
  name: "sumOf",
  createAccumulator: () => 0 as Integer,
  addInput: plus,
  mergeAccumulators(all: Iterable<Integer>): Integer {
    let sum: Integer = 0;
    for (const each of all) sum = plus(sum, each);
    return sum;
  },
  extractOutput: (sum: Integer) => sum,
} as CombineFn<never, unknown, unknown>;

function plus(a: Integer, b: Integer): Integer {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum) || !Number.isInteger(a) || !Number.isInteger(b)) return sum;
    if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) return sum;
  }
  const exact = BigInt(a) + BigInt(b);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/** Where a field may be null, so may what is combined of it. */
function orNull({ fn, type }: Made, field: FieldTypeProto): Made {
  if (!field.nullable) return { fn, type };
  const counted: CombineFn<unknown, [number, unknown], unknown> = {
    createAccumulator: () => [0, fn.createAccumulator()],
    addInput: (held, value) =>
      value === null || value === undefined ? held : [held[0] + 1, fn.addInput(held[1], value as never)],
    mergeAccumulators(all) {
      const parts = Array.from(all);
      return [parts.reduce((n, [m]) => n + m, 0), fn.mergeAccumulators(parts.map(([, held]) => held))];
    },
    extractOutput: ([n, held]) => (n === 0 ? null : fn.extractOutput(held)),
  };
  return {
    fn: counted as CombineFn<never, unknown, unknown>,
    type: create(FieldTypeSchema, { ...type, nullable: true }),
  };
}

function withoutNulls<I, A, O>(fn: CombineFn<I, A, O>): CombineFn<never, unknown, unknown> {
  const addInput = (held: A, value: I): A => (value === null || value === undefined ? held : fn.addInput(held, value));
  return { ...fn, addInput } as CombineFn<never, unknown, unknown>;
}

const INTEGERS = [AtomicType.BYTE, AtomicType.INT16, AtomicType.INT32, AtomicType.INT64];
const FLOATS = [AtomicType.FLOAT, AtomicType.DOUBLE];
const isInteger = ({ typeInfo }: FieldTypeProto): boolean =>
  typeInfo.case === "atomicType" && INTEGERS.includes(typeInfo.value);
const isFloat = ({ typeInfo }: FieldTypeProto): boolean =>
  typeInfo.case === "atomicType" && FLOATS.includes(typeInfo.value);

function wrongType(name: string, field: string, type: FieldTypeProto | undefined, wanted: string): GirderError {
  const what = type === undefined ? "unknown" : typeName(type);
  return new GirderError("invalid-argument", `${name}("${field}") takes ${wanted}; the field is ${what}.`, {
    remedy: "Aggregate another field, or use combinedOf with a combine function for this one.",
  });
}

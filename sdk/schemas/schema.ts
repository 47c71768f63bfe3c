/** Schemas: the names and types of the fields of rows. */
import { create } from "@bufbuild/protobuf";
import { type Coder, RowCoder, SchemaCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  FieldSchema,
  type FieldType as FieldTypeProto,
  type Schema as SchemaProto,
  SchemaSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import type { FieldType, ValueOf } from "./field-types.js";
import { fromPlain, toPlain } from "./plain.js";

/** The schema of rows of type `T`. Made by {@link schema}. */
export class Schema<out T extends object> {
  /** Carries the type; has no value. */
  declare readonly _row: T;
  readonly #coder: RowCoder;

  /** @throws GirderError `malformed-data` for a proto that contradicts itself. */
  constructor(readonly proto: SchemaProto) {
    this.#coder = new RowCoder(proto);
  }

  /** How rows are written: `beam:coder:row:v1`. */
  get coder(): Coder<T> {
    return this.#coder as Coder<object> as Coder<T>;
  }

  /** The fields in their order, with their types. */
  get fields(): ReadonlyMap<string, FieldTypeProto> {
    return new Map(this.proto.fields.map(({ name, type }) => [name, type!]));
  }

  /**
   * An object as a row: with the fields of the schema, in their order, and no others; without those that are absent as null, with
   * Dates as instants and days, objects as maps.
   *
   * @throws GirderError `cannot-encode` for a value that is not of its field's type, with the field.
   */
  fromObject(object: object): T {
    return fromPlain(object, this.proto) as T;
  }

  /** The row as an object that the row's own types are not seen of: instants in ms and days are Dates, maps with text for keys objects. */
  toObject(row: T): Record<string, unknown> {
    return toPlain(row, this.proto);
  }
}

/** The type of the rows of a schema. */
export type RowOf<S> = S extends Schema<infer T> ? T : never;

/** The rows with these fields. */
export type RowWith<F extends Readonly<Record<string, FieldType<unknown>>>> = {
  readonly [Name in keyof F]: ValueOf<F[Name]>;
};

/**
 * The schema with these fields, in this order.
 *
 * @example
 * ```ts
 * const ORDERS = schema({ id: int64(), buyer: string(), total: nullable(double()) });
 * type Order = RowOf<typeof ORDERS>; // { readonly id: number | bigint; readonly buyer: string; readonly total: number | null }
 * ```
 */
export function schema<const F extends Readonly<Record<string, FieldType<unknown>>>>(fields: F): Schema<RowWith<F>> {
  return schemaOfTypes(Object.entries(fields).map(([name, { proto }]) => [name, proto]));
}

/** The schema with fields of these types. */
export function schemaOfTypes<T extends object>(fields: Iterable<readonly [string, FieldTypeProto]>): Schema<T> {
  const made = Array.from(fields, ([name, type]) => create(FieldSchema, { name, type }));
  return new Schema<T>(create(SchemaSchema, { fields: made }));
}

/** The same elements as rows of a schema. They are checked where they are written. */
export function withSchema<T extends object>(of: Schema<T>): PTransform<PCollection<T>, PCollection<T>> {
  return named("WithSchema", (input) => rows(input, of, (element) => element));
}

/**
 * The schema of a PCollection's rows, which may be those of another SDK.
 *
 * @throws GirderError `invalid-argument` for one without.
 */
export function schemaOf<T extends object>(input: PCollection<T>): Schema<T> {
  const { coder } = input as PCollection<object>;
  if (coder instanceof RowCoder) return new Schema(coder.schema);
  if (coder instanceof SchemaCoder) return new Schema(coder.payload.schema!);
  throw new GirderError("invalid-argument", "The elements have no schema.", {
    where: input.pipeline.where || input.id,
    remedy: "Apply withSchema first.",
  });
}

/** What `fn` makes of each element, as rows of a schema: the transform that is being applied. */
export function rows<I, T extends object>(
  input: PCollection<I>,
  of: Schema<T>,
  fn: (element: I) => unknown,
): PCollection<T> {
  const step = { kind: "map", fn: fn as (element: never) => unknown, context: {} } as const;
  return input.pipeline.parDo<T>(input, step, of.coder);
}

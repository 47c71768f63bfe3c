/** Grouping rows by fields, with aggregates of the others. */

import { create } from "@bufbuild/protobuf";
import type { KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  type FieldType as FieldTypeProto,
  FieldTypeSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { mapInput } from "../combiners/combine-fn.js";
import { tuple } from "../combiners/index.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named } from "../pipeline/pvalue.js";
import { combineGlobally, combinePerKey } from "../transforms/combine.js";
import { withKvCoder } from "../transforms/key-values.js";
import type { Aggregate, OrNull, SameAsField } from "./aggregates.js";
import { rows, type Schema, schemaOf, schemaOfTypes } from "./schema.js";
import { typeAt } from "./select.js";

type Fields = Readonly<Record<string, unknown>>;
type Aggregates = Readonly<Record<string, Aggregate<string, unknown>>>;

/** The output of an aggregate of a field of type `V`. */
type OutputOf<V, A> =
  A extends Aggregate<string, infer O>
    ? O extends SameAsField
      ? V
      : O extends OrNull<infer P>
        ? null extends V
          ? P | null
          : P
        : O
    : never;

/** The type of the field that an aggregate is of. Where all rows are one group there may be none of them, which is null. */
type FieldOf<T, A, K> =
  A extends Aggregate<infer F, unknown> ? ([K] extends [never] ? null : never) | T[F & keyof T] : never;

type FieldsOf<A extends Aggregates> = {
  [Name in keyof A]: A[Name] extends Aggregate<infer F, unknown> ? F : never;
}[keyof A];

/** Rows with the fields that they were grouped by, and the aggregates. */
export type Aggregated<T, K extends string, A extends Aggregates> = {
  readonly [P in K | (keyof A & string)]: P extends keyof A
    ? OutputOf<FieldOf<T, A[P], K>, A[P]>
    : P extends keyof T
      ? T[P]
      : never;
};

/** See {@link groupRows}. */
export interface GroupRows<K extends string> {
  /**
   * Rows with the fields that were grouped by and an aggregate under each name. Values are combined before they are grouped.
   *
   * @throws GirderError `invalid-argument` for a field that the rows do not have, an aggregate that does not take its type, and a name
   * that is one of the fields.
   */
  aggregate<const A extends Aggregates>(
    aggregates: A,
  ): <T extends { readonly [P in K | FieldsOf<A>]: unknown }>(
    input: PCollection<T>,
  ) => PCollection<Aggregated<T, K, A>>;
}

/**
 * Groups rows by fields: `orders.apply(groupRows("buyer").aggregate({ total: sumOf("price"), orders: rowCount() }))`. Without
 * fields all rows of a window are one group; in the global window there is one of no rows, too, whose aggregates other than counts are
 * null.
 */
export function groupRows(): GroupRows<never>;
export function groupRows<const K extends string>(...by: readonly K[]): GroupRows<K>;
export function groupRows<const K extends string>(...by: readonly K[]): GroupRows<K> {
  return {
    aggregate: (aggregates) => {
      const entries = Object.entries(aggregates);
      const twice = entries.find(([name]) => by.includes(name as K));
      if (twice !== undefined) {
        throw new GirderError("invalid-argument", `Rows are grouped by "${twice[0]}", and an aggregate is called so.`, {
          remedy: "Give the aggregate another name.",
        });
      }
      const transform = (input: PCollection<object>) => aggregated(input, by, entries);
      return named("GroupRows", transform) as never;
    },
  };
}

function aggregated(
  input: PCollection<object>,
  by: readonly string[],
  entries: readonly (readonly [string, Aggregate<string, unknown>])[],
): PCollection<object> {
  const from: Schema<object> = schemaOf(input);
  // A group has at least one row, except that of all rows.
  const orNoRows = (type: FieldTypeProto): FieldTypeProto =>
    by.length > 0 ? type : create(FieldTypeSchema, { ...type, nullable: true });
  const made = entries.map(([name, { field, of }]) => ({
    name,
    field,
    ...of(field === undefined ? undefined : orNoRows(typeAt(from, field))),
  }));
  const to = schemaOfTypes<object>([
    ...by.map((name) => [name, typeAt(from, name)] as const),
    ...made.map(({ name, type }) => [name, type] as const),
  ]);
  const fn = tuple(
    ...made.map(({ fn: own, field }) =>
      mapInput(own, (row: Fields) => (field === undefined ? row : row[field]) as never),
    ),
  );
  const outputs = (values: readonly unknown[]): Fields =>
    Object.fromEntries(made.map(({ name }, i) => [name, values[i]]));
  if (by.length === 0) {
    const combined = (input as PCollection<Fields>).apply(combineGlobally(fn));
    return combined.apply("Row", (values) => rows(values, to, outputs));
  }
  const keys = schemaOfTypes<object>(by.map((name) => [name, typeAt(from, name)]));
  const keyed = input.map(
    "WithKeys",
    (row): KV<object, Fields> => ({
      key: Object.fromEntries(by.map((name) => [name, (row as Fields)[name]])),
      value: row as Fields,
    }),
  );
  const combined = withKvCoder(keyed, { key: keys.coder, value: from.coder as never }).apply(combinePerKey(fn));
  return combined.apply("Row", (groups) => rows(groups, to, ({ key, value }) => ({ ...key, ...outputs(value) })));
}

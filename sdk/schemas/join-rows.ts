/** Joins of rows. */
import { create } from "@bufbuild/protobuf";
import type { KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  type FieldType as FieldTypeProto,
  FieldTypeSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { coGroupByKey } from "../transforms/co-group.js";
import { withKvCoder } from "../transforms/key-values.js";
import { typeName } from "./plain.js";
import { type Schema, schemaOf, schemaOfTypes } from "./schema.js";
import { typeAt } from "./select.js";

type Fields = Readonly<Record<string, unknown>>;

/** Which rows without a partner there are: none, those of the left, of the right, or of both. */
export type JoinKind = "inner" | "left" | "right" | "outer";

/** By which fields rows belong together: of the same names, or of the left by those of the right. */
export type JoinOn = string | readonly string[] | Readonly<Record<string, string>>;

type LeftOf<On> = On extends string ? On : On extends readonly (infer Name extends string)[] ? Name : keyof On & string;
type RightOf<On> = On extends string
  ? On
  : On extends readonly (infer Name extends string)[]
    ? Name
    : On extends Readonly<Record<string, infer Name extends string>>
      ? Name
      : never;

/** Two rows that belong together; null stands for a partner that there is not. */
export type Joined<L, R, Kind extends JoinKind> = {
  readonly left: Kind extends "right" | "outer" ? L | null : L;
  readonly right: Kind extends "left" | "outer" ? R | null : R;
};

/**
 * Pairs of rows that have equal values in some fields: `P({ left: orders, right: people }).apply(joinRows({ buyer: "name" }))`
 * gives rows `{ left, right }`, of which `select({ item: "left.item", town: "right.town" })` makes flat ones. As SQL has it, a row
 * with null in one of the fields has no partner.
 *
 * @param kind Default `inner`.
 * @throws GirderError `invalid-argument` for a field that rows do not have and for fields of different types,
 * `incompatible-windows` where the two are windowed differently.
 */
export function joinRows<const On extends JoinOn, const Kind extends JoinKind = "inner">(
  on: On,
  kind: Kind = "inner" as Kind,
): <L extends { readonly [P in LeftOf<On>]: unknown }, R extends { readonly [P in RightOf<On>]: unknown }>(inputs: {
  readonly left: PCollection<L>;
  readonly right: PCollection<R>;
}) => PCollection<Joined<L, R, Kind>> {
  const join = <L extends object, R extends object>(inputs: Inputs<L, R>) => joined<L, R, Kind>(inputs, on, kind);
  return Object.defineProperty(join, "name", { value: `JoinRows(${kind})` });
}

interface Inputs<L, R> {
  readonly left: PCollection<L>;
  readonly right: PCollection<R>;
}

function joined<L extends object, R extends object, Kind extends JoinKind>(
  { left, right }: Inputs<L, R>,
  on: JoinOn,
  kind: Kind,
): PCollection<Joined<L, R, Kind>> {
  const sides = { left: schemaOf(left) as Schema<object>, right: schemaOf(right) as Schema<object> };
  const pairs = pairsOf(on);
  checkTypes(pairs, sides);
  // Rows with null in a field of the key find no partner, but have to be written like the others.
  const keys = schemaOfTypes<object>(
    pairs.map(([name], i) => [`key${i}`, create(FieldTypeSchema, { ...typeAt(sides.left, name), nullable: true })]),
  );
  const keyed = <T extends object>(input: PCollection<T>, side: "left" | "right") => {
    const names = pairs.map((pair) => pair[side === "left" ? 0 : 1]);
    const withKeys = input.map(
      `Key(${side})`,
      (row): KV<object, T> => ({
        key: Object.fromEntries(names.map((name, i) => [`key${i}`, (row as Fields)[name]])),
        value: row,
      }),
    ) as PCollection<KV<object, T>>;
    return withKvCoder(withKeys, { key: keys.coder, value: sides[side].coder as never });
  };
  const grouped = left.pipeline.applyTo({ left: keyed(left, "left"), right: keyed(right, "right") }, coGroupByKey());
  const [keepsLeft, keepsRight] = [kind === "left" || kind === "outer", kind === "right" || kind === "outer"];
  const to = schemaOfTypes<Joined<L, R, Kind>>([
    ["left", rowType(sides.left, keepsRight)],
    ["right", rowType(sides.right, keepsLeft)],
  ]);
  const join = ({ key, value }: KV<object, { left: Iterable<L>; right: Iterable<R> }>): object[] => {
    const hasNull = Object.values(key).some((each) => each === null || each === undefined);
    const [lefts, rights] = [[...value.left], [...value.right]];
    const alone = (rows: readonly object[], make: (row: object) => object): object[] => rows.map(make);
    if (!hasNull && lefts.length > 0 && rights.length > 0) {
      return lefts.flatMap((l) => rights.map((r) => ({ left: l, right: r })));
    }
    return [
      ...(keepsLeft ? alone(lefts, (row) => ({ left: row, right: null })) : []),
      ...(keepsRight ? alone(rights, (row) => ({ left: null, right: row })) : []),
    ];
  };
  return (grouped as PCollection<Parameters<typeof join>[0]>)
    .flatMap("Pairs", join)
    .withCoder(to.coder as never) as unknown as PCollection<Joined<L, R, Kind>>;
}

function pairsOf(on: unknown): readonly (readonly [string, string])[] {
  if (typeof on === "string") return [[on, on]];
  if (Array.isArray(on)) return on.map((name: string) => [name, name]);
  return Object.entries(on as Readonly<Record<string, string>>);
}

function checkTypes(
  pairs: readonly (readonly [string, string])[],
  { left, right }: Record<"left" | "right", Schema<object>>,
): void {
  if (pairs.length === 0) throw new GirderError("invalid-argument", "A join was given no fields.");
  for (const [l, r] of pairs) {
    const [a, b] = [typeAt(left, l), typeAt(right, r)].map((type) =>
      typeName(create(FieldTypeSchema, { ...type, nullable: false })),
    );
    if (a === b) continue;
    throw new GirderError(
      "invalid-argument",
      `Rows cannot be joined by fields of different types: ${l} is ${a}, ${r} is ${b}.`,
      {
        remedy: "Convert one of them first, with convertTo.",
      },
    );
  }
}

function rowType({ proto }: Schema<object>, nullable: boolean): FieldTypeProto {
  return create(FieldTypeSchema, { nullable, typeInfo: { case: "rowType", value: { schema: proto } } });
}

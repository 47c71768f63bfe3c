/** Rows with some of the fields of others. */
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import {
  type FieldType as FieldTypeProto,
  FieldTypeSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named } from "../pipeline/pvalue.js";
import { rows, type Schema, schemaOf, schemaOfTypes } from "./schema.js";

type Fields = Readonly<Record<string, unknown>>;

/** The value at a path such as `to.town`; null may be anywhere on the way to it. */
export type AtPath<T, Path extends string> = Path extends `${infer First}.${infer Rest}`
  ? First extends keyof T
    ? null extends T[First]
      ? AtPath<NonNullable<T[First]>, Rest> | null
      : AtPath<T[First], Rest>
    : never
  : Path extends keyof T
    ? T[Path]
    : never;

/** Rows with these fields, in this order. */
export function select<const K extends string>(
  ...names: readonly K[]
): <T extends { readonly [P in K]: unknown }>(input: PCollection<T>) => PCollection<{ readonly [P in K]: T[P] }>;
/**
 * Rows with fields of new names, each a field of the old row or, at a path such as `to.town`, of a row inside of it.
 *
 * @throws GirderError `invalid-argument` for a field that the rows do not have.
 */
export function select<const P extends Readonly<Record<string, string>>>(
  paths: P,
): <T extends object>(input: PCollection<T>) => PCollection<{ readonly [Name in keyof P]: AtPath<T, P[Name]> }>;
export function select(...given: readonly unknown[]): unknown {
  const [first] = given;
  const paths: Readonly<Record<string, string>> =
    typeof first === "object"
      ? (first as Record<string, string>)
      : Object.fromEntries(given.map((name) => [name, name]));
  return named("Select", (input: PCollection<object>) => selected(input, Object.entries(paths)));
}

/** Rows without these fields. @throws GirderError `invalid-argument` for a field that the rows do not have, and for all of them. */
export function drop<const K extends string>(
  ...names: readonly K[]
): <T extends { readonly [P in K]: unknown }>(input: PCollection<T>) => PCollection<Omit<T, K>> {
  return named("Drop", <T extends object>(input: PCollection<T>) => {
    const { fields } = schemaOf(input);
    for (const name of names) typeAt(schemaOf(input), name);
    const kept = [...fields.keys()].filter((name) => !names.includes(name as K));
    return selected(
      input,
      kept.map((name) => [name, name]),
    ) as unknown as PCollection<Omit<T, K>>;
  });
}

type Renamed<T, N extends Readonly<Record<string, string>>> = {
  readonly [K in keyof T as K extends keyof N ? N[K] : K]: T[K];
};

/**
 * The same rows with other names for some fields, new ones by old ones.
 *
 * @throws GirderError `invalid-argument` for a field that the rows do not have, and for a name that two would have.
 */
export function rename<const N extends Readonly<Record<string, string>>>(
  names: N,
): <T extends { readonly [P in keyof N]: unknown }>(input: PCollection<T>) => PCollection<Renamed<T, N>> {
  return named("Rename", <T extends object>(input: PCollection<T>) => {
    const from = schemaOf(input);
    for (const name of Object.keys(names)) typeAt(from, name);
    const renamed = Array.from(from.fields.keys(), (name) => [names[name] ?? name, name] as const);
    if (new Set(renamed.map(([name]) => name)).size < renamed.length) {
      throw new GirderError(
        "invalid-argument",
        `Two fields would be called the same: ${renamed.map(([name]) => name).join(", ")}.`,
        {
          where: input.pipeline.where,
          remedy: "Drop one of them first, or rename it, too.",
        },
      );
    }
    return selected(input, renamed) as unknown as PCollection<Renamed<T, N>>;
  });
}

function selected(input: PCollection<object>, paths: readonly (readonly [string, string])[]): PCollection<object> {
  const from = schemaOf(input);
  if (paths.length === 0) {
    throw new GirderError("invalid-argument", "No field is left.", { where: input.pipeline.where });
  }
  const to = schemaOfTypes(paths.map(([name, path]) => [name, typeAt(from, path)]));
  const steps = paths.map(([name, path]) => [name, path.split(".")] as const);
  return rows(input, to, (row) => Object.fromEntries(steps.map(([name, path]) => [name, valueAt(row, path)])));
}

function valueAt(row: object, path: readonly string[]): unknown {
  let value: unknown = row;
  for (const name of path) {
    if (value === null || value === undefined) return null;
    value = (value as Fields)[name];
  }
  return value;
}

/** The type at a path; what is in a row that may be null may be null. @throws GirderError `invalid-argument` */
export function typeAt(schema: Schema<object>, path: string): FieldTypeProto {
  const [first = "", ...rest] = path.split(".");
  let type = schema.fields.get(first) ?? missing(first, schema);
  for (const name of rest) {
    const { typeInfo, nullable } = type;
    if (typeInfo.case !== "rowType") return missing(path, schema);
    const inner = typeInfo.value.schema!.fields.find((field) => field.name === name)?.type ?? missing(path, schema);
    type = nullable ? create(FieldTypeSchema, { ...inner, nullable: true }) : inner;
  }
  return type;
}

function missing(path: string, { fields }: Schema<object>): never {
  throw new GirderError("invalid-argument", `The rows have no field "${path}".`, {
    remedy: `They have ${[...fields.keys()].join(", ")}.`,
  });
}

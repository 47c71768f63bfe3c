/** Types of the columns of CSV, told from all of their fields, as the official `readFromCsv` has them told by pandas. */
import type { CombineFn } from "../../combiners/index.js";

/** What the fields of a column are: whichever of the types fits all of them. Fields without text fit each. */
type ColumnType = "empty" | "boolean" | "number" | "text";

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/;

type Types = Record<string, ColumnType>;
type Texts = Readonly<Record<string, string>>;

/** The types of the columns of all records. */
export const columnTypes: CombineFn<Texts, Types, Types> = {
  name: "columnTypes",
  createAccumulator: () => ({}),
  addInput(types, record) {
    for (const [column, field] of Object.entries(record)) types[column] = common(types[column], typeOf(field));
    return types;
  },
  mergeAccumulators(accumulators) {
    const merged: Types = {};
    for (const types of accumulators) {
      for (const [column, type] of Object.entries(types)) merged[column] = common(merged[column], type);
    }
    return merged;
  },
  extractOutput: (types) => types,
};

/** A record with its fields as the types of their columns have it; a field without text is null. */
export function typed(record: Texts, types: Readonly<Types>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([column, field]) => [column, fieldOf(field, types[column])]));
}

function typeOf(field: string): ColumnType {
  if (field === "") return "empty";
  if (field === "True" || field === "False") return "boolean";
  return NUMBER.test(field) ? "number" : "text";
}

function common(a: ColumnType | undefined, b: ColumnType): ColumnType {
  if (a === undefined || a === "empty" || a === b) return b;
  return b === "empty" ? a : "text";
}

function fieldOf(field: string, type: ColumnType | undefined): unknown {
  if (field === "") return null;
  if (type === "boolean") return field === "True";
  return type === "number" ? Number(field) : field;
}

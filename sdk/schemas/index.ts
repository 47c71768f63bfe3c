/**
 * Schemas: rows whose fields have names and types that every SDK knows, and transforms of them.
 *
 * @module girder/schemas
 */
export {
  type Aggregate,
  combinedOf,
  countOf,
  maxOf,
  meanOf,
  minOf,
  type OrNull,
  rowCount,
  type SameAsField,
  sumOf,
} from "./aggregates.js";
export { convertTo } from "./convert.js";
export * from "./field-types.js";
export { type Aggregated, type GroupRows, groupRows } from "./group-rows.js";
export { type Joined, type JoinKind, type JoinOn, joinRows } from "./join-rows.js";
export { type RowOf, type RowWith, Schema, schema, schemaOf, withSchema } from "./schema.js";
export { type AtPath, drop, rename, select } from "./select.js";

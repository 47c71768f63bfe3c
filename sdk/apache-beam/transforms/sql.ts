/**
 * SQL: refused. The official package has it executed by the Java SDK, which this entry does not start.
 *
 * @module girder/apache-beam/transforms/sql
 */
import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "./transform.js";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function sqlTransform(_query: string, _inputTypes?: object | null): AsyncPTransform<Loose, Loose> {
  return elsewhere("sqlTransform", "Say it with map, filter, groupBy(…).combining(…) and coGroupBy.");
}

/**
 * SQL, which the expansion service in the jar of the environment variable `GIRDER_SQL_JAR` executes, or that of the version of Beam which
 * `GIRDER_SQL_VERSION` names.
 *
 * @module girder/apache-beam/transforms/sql
 */
import { sqlTransform as girderSqlTransform } from "../../expansion/index.js";
import { foreign } from "../adapt/foreign.js";
import type { Loose } from "../adapt/loose.js";
import { PCollection } from "../pvalue.js";
import { withRowCoder } from "./internal.js";
import { type AsyncPTransform, withName } from "./transform.js";

/**
 * A query over rows: the input is called `PCOLLECTION`, several have their names.
 *
 * @param inputTypes Rows such as those of the input, or of each of several by name: see `withRowCoder`.
 * @throws GirderError when it is applied: see `sqlTransform` of `girder/expansion`.
 */
export function sqlTransform(query: string, inputTypes?: object | null): AsyncPTransform<Loose, Loose> {
  const transform = foreign("sqlTransform", () => girderSqlTransform(query)) as (input: Loose) => Promise<Loose>;
  if (inputTypes === undefined || inputTypes === null) return transform;
  return withName("sqlTransform", async (input: Loose) => {
    if (input instanceof PCollection) return transform(input.apply(withRowCoder(inputTypes)));
    const rows = Object.entries(input as Readonly<Record<string, PCollection<Loose>>>).map(([name, each]) => {
      const type = (inputTypes as Readonly<Record<string, object>>)[name];
      return [name, type === undefined ? each : each.apply(withRowCoder(type))] as const;
    });
    return transform(Object.fromEntries(rows));
  });
}

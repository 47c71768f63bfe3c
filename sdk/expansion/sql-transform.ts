/** Beam SQL, which the Java SDK executes. */

import type { Row } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { PInput, PTransform } from "../pipeline/pvalue.js";
import type { ExpansionService } from "./expansion-service.js";
import { type ExternalOptions, externalTransform } from "./external-transform.js";
import { externalConfiguration, rowOfValues } from "./row-of-values.js";

/** Of the SQL extension of the Java SDK, which is in no enum of the model. */
const SQL = "beam:external:java:sql:v1";

/** Environment variable that names the jar with the SQL expansion service. */
const SQL_JAR = "GIRDER_SQL_JAR";

/** How a query is executed. */
export interface SqlOptions extends ExternalOptions {
  /** Of SQL. Default: `calcite`. `zetasql` is the other that Beam has. */
  readonly dialect?: "calcite" | "zetasql";
  /** Default: the jar that the environment variable `GIRDER_SQL_JAR` names: beam-sdks-java-extensions-sql-expansion-service. */
  readonly service?: ExpansionService;
}

/**
 * A query over rows: the input is called `PCOLLECTION`, several have their names.
 *
 * ```ts
 * orders.apply(sqlTransform<{ who: string; total: number }>("SELECT who, SUM(amount) AS total FROM PCOLLECTION GROUP BY who"));
 * P({ orders, people }).apply(sqlTransform("SELECT … FROM orders JOIN people USING (who)"));
 * ```
 *
 * Inputs are written by a RowCoder, whose schema has the columns. The output is rows as plain objects.
 *
 * @throws GirderError `invalid-option` where it is not known which service executes it; on `apply` see {@link externalTransform}.
 */
export function sqlTransform<R extends Row = Row>(
  query: string,
  { dialect, service, ...options }: SqlOptions = {},
): PTransform<PInput, PCollection<R>> {
  const jar = process.env[SQL_JAR];
  const chosen = service ?? (jar === undefined ? undefined : { jar });
  if (chosen === undefined) {
    throw new GirderError("invalid-option", "It is not said which expansion service executes SQL.", {
      where: SQL_JAR,
      remedy:
        "Set the environment variable to the jar beam-sdks-java-extensions-sql-expansion-service of Maven Central, or give the service.",
    });
  }
  const payload = externalConfiguration(rowOfValues({ query, dialect }, "sqlTransform"));
  return externalTransform<PCollection<R>>(SQL, payload, chosen, { name: "Sql", ...options });
}

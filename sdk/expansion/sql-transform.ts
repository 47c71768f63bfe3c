/** Beam SQL, which the Java SDK executes. */

import type { Row } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { PInput, PTransform } from "../pipeline/pvalue.js";
import type { ExpansionService, MavenService } from "./expansion-service.js";
import { type ExternalOptions, externalTransform } from "./external-transform.js";
import { javaTransform } from "./java-transform.js";
import { externalConfiguration, rowOfValues } from "./row-of-values.js";

/** Of the SQL extension of the Java SDK, which is in no enum of the model. */
const SQL = "beam:external:java:sql:v1";

/** Environment variable that names the jar with the SQL expansion service. */
const SQL_JAR = "GIRDER_SQL_JAR";
/** Environment variable that names the version of Beam whose SQL Maven is to get. */
const SQL_VERSION = "GIRDER_SQL_VERSION";

/** The class of SQL, which a service makes that does not know it by its URN. */
const SQL_CLASS = "org.apache.beam.sdk.extensions.sql.SqlTransform";

/**
 * Beam SQL of a version, put together by Maven when it is first needed (some 200 MB): for where there is no jar that has it all.
 *
 * @param version of Beam, of which `beam-sdks-java-extensions-sql` is published.
 */
export function sqlService(version: string): MavenService {
  return { maven: [`org.apache.beam:beam-sdks-java-extensions-sql:${version}`] };
}

/** How a query is executed. */
export interface SqlOptions extends ExternalOptions {
  /** Of SQL. Default: `calcite`. `zetasql` is the other that Beam has. */
  readonly dialect?: "calcite" | "zetasql";
  /**
   * Default: the jar that the environment variable `GIRDER_SQL_JAR` names (beam-sdks-java-extensions-sql-expansion-service), or else
   * {@link sqlService} of the version that `GIRDER_SQL_VERSION` names.
   */
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
 * @throws GirderError `invalid-option` where it is not known which service executes it; `unsupported` for zetasql of a class path; on `apply` see {@link externalTransform}.
 */
export function sqlTransform<R extends Row = Row>(
  query: string,
  { dialect, service, ...options }: SqlOptions = {},
): PTransform<PInput, PCollection<R>> {
  const chosen = service ?? serviceOfEnvironment();
  const named = { name: "Sql", ...options };
  if (typeof chosen === "object" && ("maven" in chosen || "classPath" in chosen)) {
    if (dialect === "zetasql") {
      throw new GirderError("unsupported", "SQL of the dialect zetasql is not to be had of a class path.", {
        where: "dialect",
        remedy: "Use the jar beam-sdks-java-extensions-sql-expansion-service, or the dialect calcite.",
      });
    }
    return javaTransform<PCollection<R>>(SQL_CLASS, chosen, { method: "query", args: [query], ...named });
  }
  const payload = externalConfiguration(rowOfValues({ query, dialect }, "sqlTransform"));
  return externalTransform<PCollection<R>>(SQL, payload, chosen, named);
}

function serviceOfEnvironment(): ExpansionService {
  const { [SQL_JAR]: jar, [SQL_VERSION]: version } = process.env;
  if (jar !== undefined) return { jar };
  if (version !== undefined) return sqlService(version);
  throw new GirderError("invalid-option", "It is not said which expansion service executes SQL.", {
    where: SQL_JAR,
    remedy:
      "Set the environment variable to the jar beam-sdks-java-extensions-sql-expansion-service of Maven Central, or " +
      `${SQL_VERSION} to the version of Beam that Maven is to get, or give the service.`,
  });
}

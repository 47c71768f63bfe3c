/**
 * Parquet files, which Python reads and writes: see `pythonTransform`. It must have `apache_beam`, pandas and pyarrow.
 *
 * @module girder/apache-beam/io/parquetio
 */
import type { Schema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import type { Loose } from "../adapt/loose.js";
import { RowCoder } from "../coders/row-coder.js";
import type { PCollection, Root } from "../pvalue.js";
import { withCoderInternal } from "../transforms/internal.js";
import { pythonTransform } from "../transforms/python.js";

/** The rows of files. @param options `columns`: which fields, all by default. */
export function readFromParquet(
  filePattern: string,
  options: { columns?: string[] } = {},
): (root: Root) => Promise<PCollection<Loose>> {
  return async function readFromParquet(root) {
    const read = { path: filePattern, format: "parquet", ...options };
    return root.applyAsync(pythonTransform<Root, PCollection<Loose>>("apache_beam.dataframe.io.ReadViaPandas", read));
  };
}

/** Writes rows. @param options `schema`: of the rows; by default that of `withRowCoder`. */
export function writeToParquet(
  filePathPrefix: string,
  options: { schema?: Schema } = {},
): (toWrite: PCollection<Loose>) => Promise<{ filesWritten: PCollection<string> }> {
  return async function writeToParquet(toWrite) {
    const { schema } = options;
    const rows = schema === undefined ? toWrite : toWrite.apply(withCoderInternal<Loose>(RowCoder.fromSchema(schema)));
    const write = { path: filePathPrefix, format: "parquet" };
    const transform = pythonTransform<Loose, PCollection<string>>("apache_beam.dataframe.io.WriteViaPandas", write);
    return { filesWritten: (await rows.applyAsync(transform)) as PCollection<string> };
  };
}

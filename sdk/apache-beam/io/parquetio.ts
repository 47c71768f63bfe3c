/**
 * Parquet files: refused. The official package has these done by transforms of other SDKs, which this entry does not start.
 *
 * @module girder/apache-beam/io/parquetio
 */

import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "../transforms/transform.js";

const REMEDY = "Read or write text, CSV or JSON Lines instead, or convert the files before.";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromParquet(_filePattern: string, _options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromParquet", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function writeToParquet(_filePathPrefix: string, _options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("writeToParquet", REMEDY);
}

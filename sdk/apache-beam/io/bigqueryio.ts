/**
 * BigQuery: refused. The official package has these done by transforms of other SDKs, which this entry does not start.
 *
 * @module girder/apache-beam/io/bigqueryio
 */

import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "../transforms/transform.js";

const REMEDY = "Export or load the table as JSON Lines, or write a DoFn with BigQuery's client.";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromBigQuery(_options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromBigQuery", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function writeToBigQuery(_table: string, _options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("writeToBigQuery", REMEDY);
}

/**
 * Avro files: refused. The official package has these done by transforms of other SDKs, which this entry does not start.
 *
 * @module girder/apache-beam/io/avroio
 */

import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "../transforms/transform.js";

const REMEDY = "Read or write text, CSV or JSON Lines instead, or convert the files before.";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function readFromAvro(_filePattern: string, _options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("readFromAvro", REMEDY);
}

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function writeToAvro(_filePath: string, _options: object = {}): AsyncPTransform<Loose, Loose> {
  return elsewhere("writeToAvro", REMEDY);
}

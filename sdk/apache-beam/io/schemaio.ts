/**
 * Sources and sinks of rows of the Java SDK: refused. The official package has these done by transforms of other SDKs, which this entry does not start.
 *
 * @module girder/apache-beam/io/schemaio
 */

import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "../transforms/transform.js";

const REMEDY = "Use a source or sink of girder.";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function schemaio(
  _name: string,
  _urn: string,
  _config: object,
  _configSchema: object = {},
): AsyncPTransform<Loose, Loose> {
  return elsewhere("schemaio", REMEDY);
}

/**
 * Transforms of any other SDK: refused. The official package has them expanded by a service that it starts, which this entry
 * does not.
 *
 * @module girder/apache-beam/transforms/external
 */
import type { Loose } from "../adapt/loose.js";
import { elsewhere } from "../adapt/unsupported.js";
import type { AsyncPTransform } from "./transform.js";

/** @returns a transform that is refused with a GirderError `unsupported` when it is applied. */
export function rawExternalTransform<InputT, OutputT>(
  urn: string,
  _payload: object,
  _service: unknown,
  _options?: object,
): AsyncPTransform<InputT & Loose, OutputT & Loose> {
  return elsewhere(`rawExternalTransform(${urn})`, "Write the transform in TypeScript.");
}

/** Transforms that other SDKs execute. */

import type { ExternalOptions } from "../../expansion/index.js";
import { pipelineOf } from "../../pipeline/collections.js";
import type { PValue as GirderPValue, PInput, PTransform } from "../../pipeline/pvalue.js";
import { fromGirder, toGirder } from "../pvalue.js";
import { type AsyncPTransform, withName } from "../transforms/transform.js";
import type { Loose } from "./loose.js";

/** What is said of the outputs of a transform of another SDK. */
export interface RawExternalTransformOptions {
  /** How outputs are written, by their names; the only one is called `output`. */
  requestedOutputCoders?: { [output: string]: Loose };
}

/** The options as Girder has them. */
export function externalOptions({ requestedOutputCoders = {} }: RawExternalTransformOptions): ExternalOptions {
  const { output, ...others } = requestedOutputCoders;
  if (output !== undefined) return { outputCoder: output };
  return Object.keys(others).length === 0 ? {} : { outputCoder: others };
}

/**
 * A transform of `girder` that is made when it is applied, as an AsyncPTransform of `girder/apache-beam`.
 *
 * @param make may throw: applying the transform rejects then.
 */
export function foreign(name: string, make: () => PTransform<PInput, GirderPValue>): AsyncPTransform<Loose, Loose> {
  return withName(name, async (input: Loose): Promise<Loose> => {
    const inputs = toGirder(input, name);
    return fromGirder(pipelineOf(inputs).applyTo(inputs, make()));
  });
}

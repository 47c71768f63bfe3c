/** Transforms of other SDKs, which an expansion service puts into the pipeline. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Coder } from "../../portability/coders/coder.js";
import { ForeignCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  ExpansionRequestSchema,
  ExpansionResponseSchema,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import {
  type Components,
  FunctionSpecSchema,
  PTransformSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import { capture } from "../pipeline/capture.js";
import { collections, pipelineOf } from "../pipeline/collections.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { named, type PInput, type PTransform, type PValue } from "../pipeline/pvalue.js";
import { askService } from "./ask-service.js";
import type { ExpansionService } from "./expansion-service.js";
import { isShared } from "./shared-coders.js";

/** What may be said of a transform of another SDK. */
export interface ExternalOptions {
  /** How it appears in the pipeline. Default: made of its URN. */
  readonly name?: string;
  /**
   * The outputs that it must have, by their names: then the output is an object of them, even if there is only one. Default: the
   * PCollection itself if there is one output, otherwise an object of all.
   */
  readonly outputs?: readonly string[];
  /**
   * How its output is to be written, where the other SDK would not know: a Python function without type hints, say. Several
   * outputs are given by name.
   */
  readonly outputCoder?: Coder<unknown> | Readonly<Record<string, Coder<unknown>>>;
}

/**
 * A transform of another SDK.
 *
 * ```ts
 * const lengths = words
 *   .withCoder(STRING_CODER)
 *   .apply(externalTransform<PCollection<number>>("example:lengths:v1", payload, "localhost:8097"));
 * ```
 *
 * When it is applied, the program waits until the service has answered; what it answers becomes part of the pipeline. A
 * PCollection that is its input is called `input`; of several, given as an object or array, each has its name or position. The
 * output has the coder that the other SDK has given it: rows are plain objects.
 *
 * @param urn by which the service knows the transform, and `payload` its configuration.
 * @typeParam O what comes of it. Nobody checks that it is so.
 * @throws GirderError on `apply`, with the transform's name: `cannot-encode` for an input whose coder other SDKs do not know;
 *   `not-found` and `io` where the service cannot be started or reached; `invalid-pipeline` with the service's own words where it
 *   does not expand the transform.
 */
export function externalTransform<O extends PValue = PCollection<unknown>>(
  urn: string,
  payload: Uint8Array,
  service: ExpansionService,
  options: ExternalOptions = {},
): PTransform<PInput, O> {
  return named(options.name ?? nameOf(urn), (input: PInput) => {
    const pipeline = pipelineOf(input);
    const inputs = Object.fromEntries(
      Array.from(collections(input), ([name, collection]) => [name === "main" ? "input" : name, collection]),
    );
    requireSharedCoders(pipeline, inputs);
    return outputOf(pipeline, expanded(pipeline, urn, payload, service, inputs, options), options) as O;
  });
}

/** `example:my_lengths:v1` is MyLengths. */
function nameOf(urn: string): string {
  const words = urn.split(":").filter((word) => !/^(beam|transforms?|external|java|python|v\d+|\d[\d.]*)$/.test(word));
  return (words.at(-1) ?? urn).replace(/(^|[_\W]+)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
}

/** Other SDKs must be able to read what they are given. */
function requireSharedCoders(pipeline: Pipeline, inputs: Readonly<Record<string, PCollection<unknown>>>): void {
  for (const [name, { coder, id }] of Object.entries(inputs)) {
    if (coder !== undefined && (isShared(coder) || ForeignCoder.in(coder) !== undefined)) continue;
    const how = coder === undefined ? "as JavaScript values" : `by ${coder.spec.urn}`;
    throw new GirderError("cannot-encode", `Its input ${name} is written ${how}, which no other SDK can read: ${id}.`, {
      where: pipeline.where,
      remedy:
        "Say how its elements are written, with a standard coder: .withCoder(STRING_CODER), say, of girder/coders.",
    });
  }
}

function expanded(
  pipeline: Pipeline,
  urn: string,
  payload: Uint8Array,
  service: ExpansionService,
  inputs: Readonly<Record<string, PCollection<unknown>>>,
  { outputCoder = {} }: ExternalOptions,
): Record<string, PCollection<unknown>> {
  const where = pipeline.where;
  const coders: Readonly<Record<string, Coder<unknown>>> =
    "spec" in outputCoder ? { "0": outputCoder as Coder<unknown> } : outputCoder;
  const components = pipeline.describeCollections(Object.values(inputs), Object.values(coders));
  const transform = {
    uniqueName: where,
    spec: { urn, payload },
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { id }]) => [name, id])),
  };
  const answer = capture(() => {
    const request = create(ExpansionRequestSchema, {
      components: withProducers(components, transform.inputs),
      transform,
      namespace: pipeline.foreignNamespace(),
      outputCoderRequests: Object.fromEntries(
        Object.entries(coders).map(([name, coder]) => [name, pipeline.addCoder(coder)]),
      ),
    });
    try {
      return askService({ kind: "expand", service, request: toBinary(ExpansionRequestSchema, request) });
    } catch (thrown) {
      if (!(thrown instanceof GirderError)) throw thrown;
      const at = thrown.where === undefined ? "" : ` (${thrown.where})`;
      throw new GirderError(thrown.code, `${thrown.what}${at}`, {
        where,
        ...(thrown.remedy === undefined ? {} : { remedy: thrown.remedy }),
      });
    }
  });
  const { transform: made, components: parts, requirements } = fromBinary(ExpansionResponseSchema, answer.bytes);
  if (made === undefined || parts === undefined) {
    throw new GirderError("invalid-pipeline", "The expansion service answers nothing.", { where });
  }
  const outputs = pipeline.adoptExpansion(components, { transform: made, components: parts, requirements }, inputs);
  pipeline.foreign.filesAt(answer.address, parts);
  return outputs;
}

/** The components, with something that makes each input: services want to know where it comes from. */
function withProducers(components: Components, inputs: Readonly<Record<string, string>>): Components {
  const spec = create(FunctionSpecSchema, { urn: StandardPTransforms.Primitives.IMPULSE });
  const transforms = Object.fromEntries(
    Object.entries(inputs).map(([name, id]) => {
      const uniqueName = `external_input_${name}`;
      return [uniqueName, create(PTransformSchema, { uniqueName, spec, outputs: { out: id } })];
    }),
  );
  return { ...components, transforms };
}

function outputOf(
  pipeline: Pipeline,
  outputs: Readonly<Record<string, PCollection<unknown>>>,
  { outputs: wanted }: ExternalOptions,
): PValue {
  if (wanted === undefined) {
    const [[, only] = [], ...others] = Object.entries(outputs);
    return only !== undefined && others.length === 0 ? only : outputs;
  }
  for (const name of wanted) {
    if (Object.hasOwn(outputs, name)) continue;
    throw new GirderError(
      "invalid-pipeline",
      `The transform has no output ${name}; it has ${Object.keys(outputs).join(", ") || "none"}.`,
      {
        where: pipeline.where,
      },
    );
  }
  return outputs;
}

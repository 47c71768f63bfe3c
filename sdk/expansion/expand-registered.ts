/** Expands a registered transform for another SDK. */
import { create, fromBinary } from "@bufbuild/protobuf";
import { decodeFromBytes, type Row, RowCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import {
  type ExpansionRequest,
  type ExpansionResponse,
  ExpansionResponseSchema,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import {
  type Components,
  ComponentsSchema,
  type Environment,
  type PTransform as PTransformProto,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  ExternalConfigurationPayloadSchema,
  SchemaTransformPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/external_transforms_pb.js";
import type { Schema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { ExpansionMethods } from "../../portability/urns.js";
import { collections } from "../pipeline/collections.js";
import { ForeignReader } from "../pipeline/foreign-reader.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PInput, PValue } from "../pipeline/pvalue.js";
import type { RegisteredTransform, Registry } from "./registered-transforms.js";
import { isShared } from "./shared-coders.js";

/**
 * @param serial tells this expansion from others with the same namespace: all functions are in one table.
 * @param environment in which its functions run.
 * @throws GirderError `not-found` for a transform that is not registered; `invalid-argument` for a configuration that it does not
 *   take; `cannot-encode` for an output that other SDKs cannot read; and whatever building it throws.
 */
export function expandRegistered(
  { transforms, functions }: Pick<Registry, "transforms" | "functions">,
  request: ExpansionRequest,
  serial: string,
  environment: Environment,
): ExpansionResponse {
  const { transform, namespace, components = create(ComponentsSchema) } = request;
  if (transform?.spec === undefined)
    throw new GirderError("invalid-argument", "It is not said what is to be expanded.");
  const asked = requested(transform);
  const registered = transforms.get(asked.urn);
  if (registered === undefined) {
    throw new GirderError("not-found", `No transform is registered as ${asked.urn}.`, {
      where: transform.uniqueName,
      remedy: `Registered are: ${[...transforms.keys()].join(", ") || "none"}.`,
    });
  }
  const configuration = configurationOf(registered, asked, transform.uniqueName);
  const prefix = `${namespace}_${serial}_`;
  const pipeline = new Pipeline({ namespace: prefix, functions });
  const inputs = pipeline.adoptCollections(components, transform.inputs);
  const root = `${prefix}${transform.uniqueName}`;
  const output = pipeline.applyTo<PInput, PValue>(inputOf(pipeline, inputs), root, (input) =>
    pipeline.applyTo<PInput, PValue>(input, registered.build(configuration, asked.payload)),
  );
  writeOutputs(output, request, components, transform.uniqueName);
  const { components: all, requirements } = pipeline.toProto(environment);
  const own = withoutRequested(all!, components, prefix);
  const made = own.transforms[root]!;
  delete own.transforms[root];
  made.inputs = transform.inputs;
  made.spec ??= transform.spec;
  return create(ExpansionResponseSchema, { transform: made, components: own, requirements });
}

interface Asked {
  readonly urn: string;
  readonly payload: Uint8Array;
  /** The configuration as a row, if it is one. */
  readonly row?: { readonly schema: Schema; readonly bytes: Uint8Array };
}

function requested({ spec }: PTransformProto): Asked {
  const { urn, payload } = spec!;
  if (urn === ExpansionMethods.Enum.SCHEMA_TRANSFORM) {
    const { identifier, configurationSchema, configurationRow } = fromBinary(SchemaTransformPayloadSchema, payload);
    const row = configurationSchema && { schema: configurationSchema, bytes: configurationRow };
    return { urn: identifier, payload, ...(row === undefined ? {} : { row }) };
  }
  try {
    const { schema, payload: bytes } = fromBinary(ExternalConfigurationPayloadSchema, payload);
    if (schema !== undefined) return { urn, payload, row: { schema, bytes } };
  } catch {
    // Not every payload is a row: the transform has the bytes.
  }
  return { urn, payload };
}

function configurationOf({ schema }: RegisteredTransform, { row }: Asked, where: string): Row {
  const values = row === undefined ? {} : decodeFromBytes(new RowCoder(row.schema), row.bytes);
  if (schema === undefined) return values;
  const known = schema.fields.map(({ name }) => name);
  const unknown = Object.keys(values).filter((name) => !known.includes(name));
  const missing = schema.fields.filter(({ name, type }) => type?.nullable !== true && (values[name] ?? null) === null);
  if (unknown.length > 0 || missing.length > 0) {
    const faults = [
      ...(unknown.length === 0 ? [] : [`has no field ${unknown.join(", ")}`]),
      ...(missing.length === 0 ? [] : [`needs ${missing.map(({ name }) => name).join(", ")}`]),
    ];
    throw new GirderError("invalid-argument", `The configuration ${faults.join(" and ")}.`, {
      where,
      remedy: `Its fields are ${known.join(", ") || "none"}.`,
    });
  }
  return Object.fromEntries(known.map((name) => [name, values[name] ?? null]));
}

function inputOf(pipeline: Pipeline, inputs: Readonly<Record<string, PCollection<unknown>>>): PInput {
  const all = Object.values(inputs);
  if (all.length === 0) return pipeline.root;
  return all.length === 1 ? all[0] : inputs;
}

/** Gives outputs the coders that were asked for, and sees that all have one that others can read. */
function writeOutputs(
  output: PValue,
  { outputCoderRequests }: ExpansionRequest,
  components: Components,
  where: string,
): void {
  const outputs = [...collections(output)];
  const [[, only] = []] = Object.entries(outputCoderRequests);
  for (const [name, collection] of outputs) {
    const wanted = outputCoderRequests[name] ?? (outputs.length === 1 ? only : undefined);
    if (wanted !== undefined && collection.coder === undefined)
      collection.withCoder(new ForeignReader(components).coder(wanted));
    const { coder, id } = collection;
    if (coder !== undefined && (isShared(coder) || Object.hasOwn(components.pcollections, id))) continue;
    const how = coder === undefined ? "as JavaScript values" : `by ${coder.spec.urn}`;
    throw new GirderError("cannot-encode", `The output ${name} is written ${how}, which no other SDK can read.`, {
      where,
      remedy:
        "Where the transform is built, say how its elements are written: .withCoder(STRING_CODER), say, of girder/coders.",
    });
  }
}

/** What the request did not have in it. Names of transforms are as others see them. */
function withoutRequested(all: Components, given: Components, prefix: string): Components {
  const own = create(ComponentsSchema);
  for (const kind of ["transforms", "pcollections", "windowingStrategies", "coders", "environments"] as const) {
    for (const [id, component] of Object.entries(all[kind])) {
      if (!Object.hasOwn(given[kind], id)) (own[kind] as Record<string, unknown>)[id] = component;
    }
  }
  for (const part of [...Object.values(own.transforms), ...Object.values(own.pcollections)]) {
    if (part.uniqueName.startsWith(prefix)) part.uniqueName = part.uniqueName.slice(prefix.length);
  }
  return own;
}

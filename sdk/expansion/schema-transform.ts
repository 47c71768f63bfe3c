/** Transforms that services describe by schemas. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { encodeToBytes, RowCoder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { DiscoverSchemaTransformResponseSchema } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import { SchemaTransformPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/external_transforms_pb.js";
import type { Schema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { ExpansionMethods } from "../../portability/urns.js";
import { capture } from "../pipeline/capture.js";
import type { PCollection } from "../pipeline/pcollection.js";
import type { PInput, PTransform, PValue } from "../pipeline/pvalue.js";
import { askService } from "./ask-service.js";
import { describeService, type ExpansionService } from "./expansion-service.js";
import { type ExternalOptions, externalTransform } from "./external-transform.js";
import type { Configuration } from "./row-of-values.js";

/** A transform that a service describes: `SchemaTransformConfig`. */
export interface SchemaTransformDescription {
  readonly identifier: string;
  readonly description: string;
  /** The fields of its configuration. */
  readonly schema: Schema;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The schema transforms that a service has.
 *
 * @throws GirderError `not-found` and `io` where the service cannot be started or reached; `unsupported` where it does not describe
 * its transforms, as Python's.
 */
export function schemaTransforms(service: ExpansionService): readonly SchemaTransformDescription[] {
  const bytes = capture(() => askService({ kind: "discover", service }).bytes);
  const { schemaTransformConfigs } = fromBinary(DiscoverSchemaTransformResponseSchema, bytes);
  return Object.entries(schemaTransformConfigs).flatMap(([identifier, config]) => {
    const { description, configSchema: schema, inputPcollectionNames, outputPcollectionNames } = config;
    if (schema === undefined) return [];
    return [{ identifier, description, schema, inputs: inputPcollectionNames, outputs: outputPcollectionNames }];
  });
}

/**
 * A transform that the service describes by a schema: the configuration is checked against it, and written as it says.
 *
 * @param identifier such as `beam:schematransform:org.apache.beam:yaml:filter:v1`.
 * @throws GirderError `not-found` for an identifier that the service does not know, with those like it; `invalid-argument` for fields
 *   that the configuration does not have, or that are missing; `cannot-encode` for a value of another type; on `apply` see
 *   {@link externalTransform}.
 */
export function schemaTransform<O extends PValue = PCollection<unknown>>(
  identifier: string,
  configuration: Configuration,
  service: ExpansionService,
  options: ExternalOptions = {},
): PTransform<PInput, O> {
  const all = schemaTransforms(service);
  const found = all.find((each) => each.identifier === identifier);
  if (found === undefined) throw unknownTransform(identifier, service, all);
  const { schema } = found;
  checkFields(identifier, schema, configuration);
  const payload = create(SchemaTransformPayloadSchema, {
    identifier,
    configurationSchema: schema,
    configurationRow: encodeToBytes(new RowCoder(schema), configuration),
  });
  return externalTransform<O>(
    ExpansionMethods.Enum.SCHEMA_TRANSFORM,
    toBinary(SchemaTransformPayloadSchema, payload),
    service,
    {
      name:
        identifier
          .replace(/:v\d+$/, "")
          .split(":")
          .at(-1) ?? identifier,
      ...options,
    },
  );
}

function unknownTransform(
  identifier: string,
  service: ExpansionService,
  all: readonly SchemaTransformDescription[],
): GirderError {
  const words = identifier
    .toLowerCase()
    .split(/\W+|_/)
    .filter((word) => word.length > 2 && !/^(beam|schematransform|org|apache)$/.test(word));
  const like = all.filter((each) => words.some((word) => each.identifier.toLowerCase().includes(word)));
  const named = (like.length > 0 ? like : all).slice(0, 8).map((each) => each.identifier);
  return new GirderError("not-found", `The expansion service has no schema transform ${identifier}.`, {
    where: describeService(service),
    remedy:
      named.length === 0
        ? "It has none at all."
        : `It has: ${named.join(", ")}${all.length > named.length ? ", …" : ""}.`,
  });
}

function checkFields(identifier: string, { fields }: Schema, configuration: Configuration): void {
  const known = fields.map(({ name }) => name);
  const unknown = Object.keys(configuration).filter((name) => !known.includes(name));
  const missing = fields
    .filter(({ name, type }) => type?.nullable !== true && (configuration[name] ?? undefined) === undefined)
    .map(({ name }) => name);
  if (unknown.length === 0 && missing.length === 0) return;
  const faults = [
    ...(unknown.length === 0 ? [] : [`has no field ${unknown.join(", ")}`]),
    ...(missing.length === 0 ? [] : [`needs ${missing.join(", ")}`]),
  ];
  throw new GirderError("invalid-argument", `The configuration ${faults.join(" and ")}.`, {
    where: identifier,
    remedy: `Its fields are ${known.join(", ") || "none"}.`,
  });
}

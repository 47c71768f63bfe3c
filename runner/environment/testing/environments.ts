/** For specs: environments as SDKs make them. */
import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AnyOfEnvironmentPayloadSchema,
  DockerPayloadSchema,
  type Environment,
  EnvironmentSchema,
  ExternalPayloadSchema,
  ProcessPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../../portability/urns.js";

const { DEFAULT, DOCKER, PROCESS, EXTERNAL, ANYOF } = StandardEnvironments.Environments;

function environment<S extends DescMessage>(urn: string, schema: S, payload: MessageInitShape<S>): Environment {
  return create(EnvironmentSchema, { urn, payload: toBinary(schema, create(schema, payload)) });
}

export const external = (payload: MessageInitShape<typeof ExternalPayloadSchema>): Environment =>
  environment(EXTERNAL, ExternalPayloadSchema, payload);

export const processOf = (payload: MessageInitShape<typeof ProcessPayloadSchema>): Environment =>
  environment(PROCESS, ProcessPayloadSchema, payload);

export const docker = (containerImage: string): Environment =>
  environment(DOCKER, DockerPayloadSchema, { containerImage });

export const anyOf = (...environments: Environment[]): Environment =>
  environment(ANYOF, AnyOfEnvironmentPayloadSchema, { environments });

export const byDefault = (init: MessageInitShape<typeof EnvironmentSchema> = {}): Environment =>
  create(EnvironmentSchema, { ...init, urn: DEFAULT });

export const ofUrn = (urn: string): Environment => create(EnvironmentSchema, { urn });

/** Environments of a pipeline, as runners are told of them. */
import { create, toBinary } from "@bufbuild/protobuf";
import {
  DockerPayloadSchema,
  type Environment,
  EnvironmentSchema,
  ExternalPayloadSchema,
  ProcessPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../../portability/urns.js";
import { STARTED_CAPABILITIES, WORKER_CAPABILITIES } from "../../worker/capabilities.js";

const { DOCKER, EXTERNAL, PROCESS } = StandardEnvironments.Environments;

/** Workers of a pool, which the runner asks for them. @param address `host:port` of the pool. */
export function externalEnvironment(address: string): Environment {
  const payload = create(ExternalPayloadSchema, { endpoint: { url: address } });
  return environment(EXTERNAL, toBinary(ExternalPayloadSchema, payload));
}

/** Processes that the runner starts. @param command a program on the runner's machine. */
export function processEnvironment(command: string, env: Readonly<Record<string, string>> = {}): Environment {
  const payload = create(ProcessPayloadSchema, { command, env: { ...env } });
  return environment(PROCESS, toBinary(ProcessPayloadSchema, payload), STARTED_CAPABILITIES);
}

/** Containers that the runner starts. @param containerImage with the boot contract's program as its entry point. */
export function dockerEnvironment(containerImage: string): Environment {
  return environment(
    DOCKER,
    toBinary(DockerPayloadSchema, create(DockerPayloadSchema, { containerImage })),
    STARTED_CAPABILITIES,
  );
}

function environment(urn: string, payload: Uint8Array, capabilities = WORKER_CAPABILITIES): Environment {
  return create(EnvironmentSchema, { urn, payload, capabilities: [...capabilities] });
}

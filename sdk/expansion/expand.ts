/** Asks expansion services. */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import { client } from "../../portability/fn-api/grpc.js";
import { ArtifactRetrievalService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  type DiscoverSchemaTransformResponse,
  type ExpansionRequest,
  type ExpansionResponse,
  ExpansionService as ExpansionServiceDescriptor,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_expansion_api_pb.js";
import {
  AnyOfEnvironmentPayloadSchema,
  type ArtifactInformation,
  type Environment,
  EnvironmentSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardArtifacts, StandardEnvironments } from "../../portability/urns.js";
import type { ExpansionService } from "./expansion-service.js";
import type { ServiceTable } from "./service-table.js";
import { StartedService } from "./started-service.js";

const { ANYOF, EXTERNAL } = StandardEnvironments.Environments;

/** How long (ms) a service that runs already may take to be reached. */
const REACH = 3_000;
/** How long (ms) it may take to answer. */
const ANSWER = 120_000;

/** What a service has answered, and where it is: it has the files that its environments need. */
export interface Expanded {
  readonly address: string;
  readonly response: ExpansionResponse;
}

/**
 * Has a transform expanded, and its environments' files looked up.
 *
 * @throws GirderError `io` where the service cannot be reached, or goes away; `invalid-pipeline` with what the service says if it
 *   does not expand the transform; see also {@link ServiceTable}.
 */
export async function expand(
  services: ServiceTable,
  service: ExpansionService,
  request: ExpansionRequest,
): Promise<Expanded> {
  return asked(services, service, async (address, connection, started) => {
    const response = await connection.call.expand(request, { timeout: ANSWER });
    if (response.error !== "") throw refused("does not expand the transform", response.error);
    const { environments = {} } = response.components ?? {};
    const ours = started !== undefined && typeof service !== "string" && service.workers !== "environment";
    for (const [id, environment] of Object.entries(environments)) {
      if (Object.hasOwn(request.components?.environments ?? {}, id)) continue;
      environments[id] = ours ? ofService(environment) : await withFiles(environment, address);
    }
    return { address, response };
  });
}

/**
 * The schema transforms that a service has. One that was started here is asked once.
 *
 * @throws GirderError as {@link expand}; `unsupported` for a service that does not describe its transforms.
 */
export async function discover(
  services: ServiceTable,
  service: ExpansionService,
): Promise<DiscoverSchemaTransformResponse> {
  return asked(services, service, async (address, connection, started) => {
    if (started?.described !== undefined) return started.described;
    const response = await connection.call.discoverSchemaTransform({}, { timeout: ANSWER }).catch((thrown: unknown) => {
      if (!(thrown instanceof GirderError) || thrown.code !== "unsupported") throw thrown;
      throw new GirderError("unsupported", `The expansion service at ${address} does not describe its transforms.`, {
        remedy:
          "Use them by name: pythonTransform, javaTransform or externalTransform. Python's service has no descriptions.",
        cause: thrown,
      });
    });
    if (response.error !== "") throw refused("does not tell its schema transforms", response.error);
    if (started !== undefined) started.described = response;
    return response;
  });
}

type ToService = ReturnType<typeof client<(typeof ExpansionServiceDescriptor)["method"]>>;

async function asked<T>(
  services: ServiceTable,
  service: ExpansionService,
  ask: (address: string, connection: ToService, started: StartedService | undefined) => Promise<T>,
): Promise<T> {
  const found = await services.get(service);
  const started = found instanceof StartedService ? found : undefined;
  const address = found instanceof StartedService ? found.address : found;
  const connection = client(ExpansionServiceDescriptor, address);
  try {
    await connection.ready(REACH).catch((cause: unknown) => {
      throw new GirderError("io", `The expansion service cannot be reached at ${address}.`, {
        remedy: "See that it runs there, or have it started: give the service as { python } or { jar }.",
        cause,
      });
    });
    return await ask(address, connection, started);
  } catch (thrown) {
    const failure = thrown instanceof GirderError && thrown.code === "io" ? await started?.failure() : undefined;
    if (failure !== undefined) throw failure;
    if (thrown instanceof GirderError && thrown.where?.includes("/")) {
      const remedy =
        started === undefined ? thrown.remedy : "Set GIRDER_EXPANSION_LOG to a file to see what it writes.";
      throw new GirderError(thrown.code, `The expansion service at ${address} failed: ${thrown.what}.`, {
        ...(remedy === undefined ? {} : { remedy }),
        cause: thrown,
      });
    }
    throw thrown;
  } finally {
    connection.close();
  }
}

function refused(what: string, text: string): GirderError {
  return new GirderError("invalid-pipeline", `The expansion service ${what}. It says:\n${text.trimEnd()}\n`, {
    remedy: "See what the transform wants: its inputs, their coders, and its configuration.",
  });
}

/** Of an environment's alternatives that of the service's own workers, which have all files that they need. */
function ofService(environment: Environment): Environment {
  const own = alternatives(environment).find(({ urn }) => urn === EXTERNAL);
  return own === undefined ? environment : create(EnvironmentSchema, { ...own, dependencies: [] });
}

function alternatives(environment: Environment): readonly Environment[] {
  if (environment.urn !== ANYOF) return [environment];
  return fromBinary(AnyOfEnvironmentPayloadSchema, environment.payload).environments.flatMap(alternatives);
}

/** The environment with its files as the service can give them. */
async function withFiles(environment: Environment, address: string): Promise<Environment> {
  if (environment.urn === ANYOF) {
    const { environments } = fromBinary(AnyOfEnvironmentPayloadSchema, environment.payload);
    const resolved = await Promise.all(environments.map((each) => withFiles(each, address)));
    const payload = create(AnyOfEnvironmentPayloadSchema, { environments: resolved });
    return create(EnvironmentSchema, { ...environment, payload: toBinary(AnyOfEnvironmentPayloadSchema, payload) });
  }
  if (environment.dependencies.length === 0) return environment;
  return create(EnvironmentSchema, { ...environment, dependencies: await resolve(environment.dependencies, address) });
}

async function resolve(artifacts: ArtifactInformation[], address: string): Promise<ArtifactInformation[]> {
  const { FILE, EMBEDDED, URL } = StandardArtifacts.Types;
  const connection = client(ArtifactRetrievalService, address);
  try {
    const { replacements } = await connection.call.resolveArtifacts(
      { artifacts, preferredUrns: [FILE, EMBEDDED, URL] },
      { timeout: ANSWER },
    );
    return replacements;
  } finally {
    connection.close();
  }
}

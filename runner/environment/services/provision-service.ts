/** What a worker is told when it starts: the service `ProvisionService`. */
import type { JsonObject, MessageInitShape } from "@bufbuild/protobuf";
import type { Handlers } from "../../../portability/fn-api/call-types.js";
import type {
  ProvisionInfoSchema,
  ProvisionService,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import type { ArtifactInformation } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { WorkerEndpoints } from "../launcher.js";
import { unknownWorker, workerIdOf } from "./worker-id.js";

/** What one worker is told. */
export interface WorkerProvision {
  readonly jobId: string;
  readonly jobName: string;
  /** As the job was submitted with, keys included (`beam:option:NAME:v1`). */
  readonly pipelineOptions: JsonObject;
  /** By which the worker asks for its artifacts. */
  readonly retrievalToken: string;
  readonly endpoints: WorkerEndpoints;
  /** The artifacts of the worker's environment. Default: none. */
  readonly dependencies?: readonly ArtifactInformation[];
  /** URNs of what the runner can do that not every runner can (`StandardRunnerProtocols`). Default: none. */
  readonly runnerCapabilities?: readonly string[];
  /** Further facts for the worker. `job_id` and `job_name` are always there. Default: none. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Ids of further workers to be started in the same place. Default: none. */
  readonly siblingWorkerIds?: readonly string[];
}

/**
 * Handlers of the provision service. Workers that nobody knows are answered NOT_FOUND.
 *
 * @param provisionOf what a worker is told; undefined if there is no such worker.
 */
export function provisionHandlers(
  provisionOf: (workerId: string) => WorkerProvision | undefined,
): Handlers<(typeof ProvisionService)["method"]> {
  return {
    getProvisionInfo(_, call) {
      const id = workerIdOf(call);
      const provision = provisionOf(id);
      if (provision === undefined) throw unknownWorker(id);
      return { info: infoOf(provision) };
    },
  };
}

function infoOf(provision: WorkerProvision): MessageInitShape<typeof ProvisionInfoSchema> {
  const { jobId, jobName, pipelineOptions, retrievalToken, endpoints } = provision;
  const { dependencies = [], runnerCapabilities = [], metadata = {}, siblingWorkerIds = [] } = provision;
  const { control, logging, artifact, status } = endpoints;
  return {
    pipelineOptions,
    retrievalToken,
    controlEndpoint: { url: control },
    loggingEndpoint: { url: logging },
    artifactEndpoint: { url: artifact },
    // A worker that is told of one connects to it, and some wait for it: only where it is served.
    ...(status === undefined ? {} : { statusEndpoint: { url: status } }),
    dependencies: [...dependencies],
    runnerCapabilities: [...runnerCapabilities],
    // By these names the SDKs' boot programs look for them.
    metadata: { ...metadata, job_id: jobId, job_name: jobName },
    siblingWorkerIds: [...siblingWorkerIds],
  };
}

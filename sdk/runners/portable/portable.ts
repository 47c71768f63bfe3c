/** Runs pipelines on a job service: Girder's own, Prism, a Flink job server, or any other of Beam. */
import { create, type JsonObject, toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { JobState_Enum as JobState } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import {
  type Environment,
  EnvironmentSchema,
  ExternalPayloadSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardEnvironments } from "../../../portability/urns.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { WORKER_CAPABILITIES } from "../../worker/capabilities.js";
import { startLocalWorker } from "../../worker/local-worker.js";
import { WorkerPool } from "../../worker/worker-pool.js";
import { PipelineResult } from "../pipeline-result.js";
import { JobClient, type RunnerMessage } from "./job-client.js";
import { jobFailure } from "./job-failure.js";

/** How a pipeline is run on a job service. */
export interface PortableOptions {
  /** `host:port` of the job service. */
  readonly jobEndpoint: string;
  /** Name of the job, for people. Default: `girder`. */
  readonly jobName?: string;
  /** Cancels the job. */
  readonly signal?: AbortSignal;
  /** Is told what the runner tells. Default: nobody is. */
  readonly onMessage?: (message: RunnerMessage) => void;
  /** How long (ms) the job service may take to be reached. Default: 10 s. */
  readonly patience?: number;
}

/**
 * Runs a pipeline to its end, with its functions in this process (LOOPBACK): the runner must be able to reach it.
 *
 * @throws GirderError with the reason, if the job service cannot be reached, refuses the pipeline, or the job fails.
 */
export async function runPortable(pipeline: Pipeline, options: PortableOptions): Promise<PipelineResult> {
  const failures: unknown[] = [];
  const pool = await WorkerPool.open((request) =>
    startLocalWorker(request, pipeline.functions, (error) => failures.push(error)),
  );
  try {
    return await runJob(pipeline, externalEnvironment(pool.address), options, failures);
  } catch (thrown) {
    await pipeline.failed();
    if (!(thrown instanceof GirderError) || thrown.where === undefined || thrown.site !== undefined) throw thrown;
    const site = pipeline.siteOf(thrown.where);
    throw site === undefined ? thrown : thrown.appliedAt(site);
  } finally {
    await pool.close();
  }
}

/** Workers of a pool, which the runner asks for them. @param address `host:port` of the pool. */
export function externalEnvironment(address: string): Environment {
  const payload = create(ExternalPayloadSchema, { endpoint: { url: address } });
  return create(EnvironmentSchema, {
    urn: StandardEnvironments.Environments.EXTERNAL,
    payload: toBinary(ExternalPayloadSchema, payload),
    capabilities: [...WORKER_CAPABILITIES],
  });
}

async function runJob(
  pipeline: Pipeline,
  environment: Environment,
  { jobEndpoint, jobName = "girder", signal, patience, onMessage = () => undefined }: PortableOptions,
  failures: readonly unknown[],
): Promise<PipelineResult> {
  if (signal?.aborted) throw cancelled();
  const options: JsonObject = { "beam:option:job_name:v1": jobName };
  const job = await JobClient.submit(
    jobEndpoint,
    { jobName, pipeline: pipeline.toProto(environment), options, readArtifact: noArtifact, patience },
    onMessage,
    signal,
  );
  const cancel = (): void => void job.cancel().catch(() => undefined);
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const state = await job.ended();
    switch (state) {
      case JobState.DONE:
        return new PipelineResult(await job.metrics(), 0);
      case JobState.DRAINED:
        return new PipelineResult(await job.metrics(), 0, "DRAINED");
      case JobState.CANCELLED:
        throw cancelled();
      default:
        throw jobFailure(job.errors.at(-1) ?? "", failures);
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    job.close();
  }
}

async function noArtifact(): Promise<never> {
  throw new GirderError("not-found", "The job service asks for an artifact, and this pipeline has none.");
}

function cancelled(): GirderError {
  return new GirderError("cancelled", "The job was cancelled.");
}

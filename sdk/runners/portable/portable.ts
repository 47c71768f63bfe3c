/** Runs pipelines on a job service: Girder's own, Prism, a Flink job server, or any other of Beam. */
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { JobState_Enum as JobState } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { withSite } from "../../pipeline/call-site.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { startLocalWorker } from "../../worker/local-worker.js";
import { WorkerPool } from "../../worker/worker-pool.js";
import { PipelineResult } from "../pipeline-result.js";
import type { RunWatch } from "../run-progress.js";
import { dockerEnvironment, externalEnvironment, processEnvironment } from "./environments.js";
import { foreignFiles } from "./foreign-files.js";
import { JobClient, type ServiceProcess, type Submission } from "./job-client.js";
import { jobFailure } from "./job-failure.js";
import { withOriginalPositions } from "./original-positions.js";
import { shipPipeline } from "./shipped-pipeline.js";
import { takenApart } from "./taken-apart.js";

/** Where a pipeline's functions run. */
export type EnvironmentChoice =
  /** In this process, which the runner must be able to reach. */
  | { readonly type: "LOOPBACK" }
  /** In workers of a pool (`girder worker-pool`) at this address. */
  | { readonly type: "EXTERNAL"; readonly pool: string }
  /**
   * In processes that the runner starts.
   *
   * @param command What it starts, a program on its machine. Default: the file that the program is made into, which the
   *   runner finds if it is on this machine.
   */
  | { readonly type: "PROCESS"; readonly command?: string; readonly env?: Readonly<Record<string, string>> }
  /** In containers that the runner starts. @param image Such as `girder container build` makes. */
  | { readonly type: "DOCKER"; readonly image: string };

/** How a pipeline is run on a job service. */
export interface PortableOptions extends RunWatch {
  /** `host:port` of the job service. */
  readonly jobEndpoint: string;
  /** The job service's process, where this program has started it. */
  readonly server?: ServiceProcess;
  /** Options of the pipeline, as runners take them: `beam:option:NAME:v1`. Default: none but the job's name. */
  readonly options?: JsonObject;
  /** Name of the job, for people. Default: `girder`. */
  readonly jobName?: string;
  /** Cancels the job. */
  readonly signal?: AbortSignal;
  /** Drains the job. Where the runner cannot, the job fails with what it says. */
  readonly drain?: AbortSignal;
  /** How long (ms) the job service may take to be reached. Default: 10 s. */
  readonly patience?: number;
  /** Where the functions run. Default: LOOPBACK. */
  readonly environment?: EnvironmentChoice;
  /** The program's main module, for workers in other processes. Default: what this process was started with. */
  readonly program?: string;
  /** Packages that such workers have, which need not travel with the program. Default: none. */
  readonly external?: readonly string[];
}

/** What is submitted of a pipeline. */
type Submitted = Pick<Submission, "pipeline" | "options" | "readArtifact">;

/**
 * Runs a pipeline to its end.
 *
 * @throws GirderError with the reason, if the job service cannot be reached, refuses the pipeline, or the job fails.
 */
export async function runPortable(pipeline: Pipeline, options: PortableOptions): Promise<PipelineResult> {
  const { environment = { type: "LOOPBACK" } } = options;
  try {
    return environment.type === "LOOPBACK"
      ? await runHere(pipeline, options)
      : await runElsewhere(pipeline, environment, options);
  } catch (thrown) {
    await pipeline.failed();
    throw withSite(thrown, (transform) => pipeline.siteOf(transform));
  }
}

async function runHere(pipeline: Pipeline, options: PortableOptions): Promise<PipelineResult> {
  const failures: unknown[] = [];
  const pool = await WorkerPool.open((request) =>
    startLocalWorker(request, pipeline.functions, (error) => failures.push(error)),
  );
  try {
    const proto = pipeline.toProto(externalEnvironment(pool.address));
    const submitted = { pipeline: proto, options: {}, readArtifact: foreignFiles(pipeline) };
    return await runJob(submitted, options, failures, () =>
      // A runner may fail a job and start its worker all the same: Prism ends if it is not there then.
      Promise.race([pool.asked, unhurried(FIRST_CALL)]),
    );
  } finally {
    await pool.close();
  }
}

/** How long (ms) it is waited for a job's worker to be asked for, if the job ends before. */
const FIRST_CALL = 500;

function unhurried(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}

async function runElsewhere(
  pipeline: Pipeline,
  choice: Exclude<EnvironmentChoice, { readonly type: "LOOPBACK" }>,
  options: PortableOptions,
): Promise<PipelineResult> {
  const { program, external = [] } = options;
  await using shipped = await shipPipeline(pipeline, {
    program,
    external,
    environment: ({ path }) => {
      switch (choice.type) {
        case "EXTERNAL":
          return externalEnvironment(choice.pool);
        case "PROCESS":
          return processEnvironment(choice.command ?? path, choice.env);
        case "DOCKER":
          return dockerEnvironment(choice.image);
      }
    },
  });
  try {
    return await runJob(shipped, options, []);
  } catch (thrown) {
    throw await withOriginalPositions(thrown, shipped.bundle.path);
  }
}

async function runJob(
  { pipeline, options: own, readArtifact }: Submitted,
  { jobEndpoint, server, jobName = "girder", signal, drain, patience, options: given, ...watch }: PortableOptions,
  failures: readonly unknown[],
  ended: () => Promise<void> = async () => undefined,
): Promise<PipelineResult> {
  if (signal?.aborted) throw cancelled();
  const options: JsonObject = { "beam:option:job_name:v1": jobName, ...given, ...own };
  const job = await JobClient.submit(
    jobEndpoint,
    { jobName, pipeline: takenApart(pipeline), options, readArtifact, patience, server },
    watch,
    signal,
  );
  const cancel = (): void => void job.cancel().catch(() => undefined);
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const refused = new Promise<never>((_, reject) => {
    const drained = (): void => void job.drain().catch(reject);
    if (drain?.aborted) drained();
    drain?.addEventListener("abort", drained, { once: true });
  });
  refused.catch(cancel);
  try {
    const state = await Promise.race([job.ended(), refused]);
    await ended();
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

function cancelled(): GirderError {
  return new GirderError("cancelled", "The job was cancelled.");
}

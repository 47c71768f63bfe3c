/** What the job service needs of whoever executes a job. */
import type { JsonObject } from "@bufbuild/protobuf";
import type { Pipeline } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MonitoringInfo } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import type { JobArtifacts } from "./artifacts/job-artifacts.js";

/** Metrics of a job (`MetricResults`): of all attempts, and of what was committed. */
export interface JobMetrics {
  readonly attempted: readonly MonitoringInfo[];
  readonly committed: readonly MonitoringInfo[];
}

/** A job that is being executed. */
export interface JobExecution {
  /** Settles when the job has ended and its workers are gone; rejects with a GirderError, code `cancelled` after cancel. */
  readonly done: Promise<void>;
  /** Metrics so far. Called until `done` has settled, and once more then. */
  metrics(): JobMetrics;
}

/**
 * How much a message matters (`JobMessage.MessageImportance`). There is no error among them: clients take any error for the
 * job's failure, so that the one which is sent is made of what {@link JobExecution.done} rejects with.
 */
export type Importance = "debug" | "detailed" | "basic" | "warning";

/** Something to tell those who watch a job: a worker's log, a retry. */
export interface ExecutionMessage {
  readonly importance: Importance;
  readonly text: string;
  /** When it happened. Default: now. */
  readonly time?: Date;
}

export interface JobToExecute {
  readonly jobId: string;
  readonly jobName: string;
  /** The pipeline, with staged artifacts among the dependencies of its environments. */
  readonly pipeline: Pipeline;
  /** The options as they were submitted, `beam:option:NAME:v1` by their client's types. Pass them on unchanged. */
  readonly options: JsonObject;
  /** What workers are told to retrieve artifacts with (`ProvisionInfo.retrieval_token`). */
  readonly retrievalToken: string;
  /** The artifacts, for an artifact retrieval service on an endpoint of the job's own (`artifactRetrieval`). */
  readonly artifacts: JobArtifacts;
  /** Aborts when the job is cancelled. */
  readonly signal: AbortSignal;
  /** Aborts when the job is to be drained. */
  readonly drain: AbortSignal;
  readonly log: (message: ExecutionMessage) => void;
}

/** Begins to execute a job. What it throws fails the job. */
export type ExecuteJob = (job: JobToExecute) => JobExecution;

/**
 * Looks whether a pipeline can be executed.
 *
 * @throws GirderError `invalid-pipeline` or `unsupported`, with all reasons.
 */
export type CheckPipeline = (pipeline: Pipeline) => void;

/** A job of a job service, from its submission to its end. */
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError, messageOf } from "../../../portability/errors.js";
import { client } from "../../../portability/fn-api/grpc.js";
import {
  JobMessage_MessageImportance as Importance,
  JobService,
  JobState_Enum as JobState,
} from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import type { Pipeline as PipelineProto } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer, STAGE_NAMESPACE } from "../../../portability/metrics/index.js";
import type { RunnerMessage, RunWatch } from "../run-progress.js";
import { elementsOf } from "./elements-of.js";
import { refusal } from "./job-failure.js";
import { atKnownSteps } from "./known-steps.js";
import { type ReadArtifact, stageArtifacts } from "./staging.js";

/** How long (ms) a job service may take to be reached. */
const REACH = 10_000;
/** How long (ms) is waited for the last messages of a job that has ended. */
const LAST_MESSAGES = 10_000;
/** How long (ms) it may take to look at a pipeline that is submitted: large ones take seconds. */
const PREPARE = 60_000;
/** How often (ms) it is asked how far a job is, where somebody is told. */
const PROGRESS = 1_000;

const TERMINAL: ReadonlySet<JobState> = new Set([
  JobState.DONE,
  JobState.FAILED,
  JobState.CANCELLED,
  JobState.UPDATED,
  JobState.DRAINED,
]);

/** What is submitted. */
export interface Submission {
  readonly jobName: string;
  readonly pipeline: PipelineProto;
  /** Options as runners take them: `beam:option:NAME:v1`. */
  readonly options: JsonObject;
  readonly readArtifact: ReadArtifact;
  /** How long (ms) the job service may take to be reached. Default: 10 s. */
  readonly patience?: number | undefined;
  /** Default: it is not known what the process says. */
  readonly server?: ServiceProcess | undefined;
}

/** A job service's process, where it is this program that has started it. */
export interface ServiceProcess {
  /** Why it is not there any more; undefined as long as it is. */
  failure(): Promise<GirderError | undefined>;
}

export class JobClient {
  readonly #jobs;
  readonly #transforms: Readonly<Record<string, unknown>>;
  readonly #errors: string[] = [];
  readonly #messagesEnded: Promise<void>;
  readonly #server: ServiceProcess | undefined;
  readonly #onProgress: RunWatch["onProgress"];
  /** The timer that asks how far the job is. */
  #asking: NodeJS.Timeout | undefined;
  #state: JobState = JobState.UNSPECIFIED;

  private constructor(
    readonly address: string,
    jobs: ReturnType<typeof client<(typeof JobService)["method"]>>,
    readonly jobId: string,
    { pipeline, server }: Submission,
    { onMessage = () => undefined, onProgress }: RunWatch,
  ) {
    this.#jobs = jobs;
    this.#transforms = pipeline.components?.transforms ?? {};
    this.#server = server;
    this.#onProgress = onProgress;
    this.#messagesEnded = this.#readMessages(onMessage);
    if (onProgress !== undefined) this.#asking = setInterval(() => void this.#askProgress(), PROGRESS).unref();
  }

  /**
   * Submits a pipeline, and has it run.
   *
   * @param address `host:port` of the job service.
   * @throws GirderError `io` if it cannot be reached; what it answers if it does not take the pipeline.
   */
  static async submit(
    address: string,
    submission: Submission,
    watch: RunWatch = {},
    signal?: AbortSignal,
  ): Promise<JobClient> {
    const { jobName, pipeline, options, readArtifact, patience = REACH, server } = submission;
    const jobs = client(JobService, address);
    const call = signal === undefined ? {} : { signal };
    try {
      signal?.throwIfAborted();
      await reached(jobs, address, patience);
      const prepared = await jobs.call.prepare(
        { jobName, pipeline, pipelineOptions: options },
        {
          ...call,
          timeout: PREPARE,
        },
      );
      const { preparationId, stagingSessionToken, artifactStagingEndpoint } = prepared;
      const endpoint = artifactStagingEndpoint?.url ?? "";
      if (endpoint !== "") await stageArtifacts(endpoint, stagingSessionToken, readArtifact, signal);
      const { jobId } = await jobs.call.run({ preparationId, retrievalToken: stagingSessionToken }, call);
      return new JobClient(address, jobs, jobId, submission, watch);
    } catch (thrown) {
      jobs.close();
      throw (await server?.failure()) ?? refusal(thrown, address);
    }
  }

  async #readMessages(onMessage: (message: RunnerMessage) => void): Promise<void> {
    const { jobId } = this;
    try {
      for await (const { response } of this.#jobs.call.getMessageStream({ jobId })) {
        if (response.case !== "messageResponse") continue;
        const { importance, messageText: text } = response.value;
        if (importance === Importance.JOB_MESSAGE_ERROR) this.#errors.push(text);
        onMessage({ importance: NAMES[importance] ?? "basic", text });
      }
    } catch {
      // What became of the job is known by its states.
    }
  }

  /** Waits for the job's end. @throws GirderError `io` if the job service goes away before. */
  async ended(): Promise<JobState> {
    const { jobId } = this;
    let last: JobState = JobState.UNSPECIFIED;
    try {
      for await (const { state } of this.#jobs.call.getStateStream({ jobId })) {
        last = state;
        this.#state = state;
        this.#onProgress?.({ state: JobState[state] });
        if (TERMINAL.has(state)) break;
      }
      if (!TERMINAL.has(last)) last = (await this.#jobs.call.getState({ jobId })).state;
    } catch (thrown) {
      const failure = await this.#server?.failure();
      const why = failure === undefined ? messageOf(thrown) : failure.what;
      throw new GirderError("io", `The job service was lost while the job ran: ${why}`, {
        where: this.address,
        remedy: failure?.remedy ?? "See that it runs, and its log. What has become of the job is not known.",
        cause: thrown,
      });
    }
    if (!TERMINAL.has(last)) {
      throw new GirderError("io", `The job service says no more of the job, which was ${JobState[last]}.`, {
        where: this.address,
      });
    }
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_MESSAGES);
    });
    await Promise.race([this.#messagesEnded, patience]);
    clearTimeout(timer);
    return last;
  }

  async #askProgress(): Promise<void> {
    try {
      const { metrics } = await this.#jobs.call.getJobMetrics({ jobId: this.jobId }, { timeout: 5 * PROGRESS });
      const elements = elementsOf([...(metrics?.committed ?? []), ...(metrics?.attempted ?? [])]);
      // What comes when the job has ended is not how far it is.
      if (this.#asking === undefined) return;
      this.#onProgress?.({ state: JobState[this.#state], ...(elements === undefined ? {} : { elements }) });
    } catch {
      // A runner need not know before the job's end.
    }
  }

  /** What the runner said went wrong. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** Metrics as they were committed; of runners that do not know which were, of all attempts. */
  async metrics(): Promise<MetricsContainer> {
    const { metrics } = await this.#jobs.call.getJobMetrics({ jobId: this.jobId });
    const { committed = [], attempted = [] } = metrics ?? {};
    const infos = committed.length > 0 ? committed : attempted.filter(isOfAuthor);
    return MetricsContainer.fromMonitoringInfos(atKnownSteps(infos, this.#transforms));
  }

  async cancel(): Promise<void> {
    await this.#jobs.call.cancel({ jobId: this.jobId });
  }

  /** Has the job finish what it has begun, and take no more. */
  async drain(): Promise<void> {
    await this.#jobs.call.drain({ jobId: this.jobId });
  }

  close(): void {
    clearInterval(this.#asking);
    this.#asking = undefined;
    this.#jobs.close();
  }
}

const NAMES: Readonly<Partial<Record<Importance, RunnerMessage["importance"]>>> = {
  [Importance.JOB_MESSAGE_DEBUG]: "debug",
  [Importance.JOB_MESSAGE_DETAILED]: "detailed",
  [Importance.JOB_MESSAGE_BASIC]: "basic",
  [Importance.JOB_MESSAGE_WARNING]: "warning",
  [Importance.JOB_MESSAGE_ERROR]: "error",
};

async function reached(
  jobs: { ready(timeout: number): Promise<void> },
  address: string,
  patience: number,
): Promise<void> {
  try {
    await jobs.ready(patience);
  } catch (cause) {
    throw new GirderError("io", "The job service cannot be reached.", {
      where: address,
      remedy: "See that it runs there: girder serve, prism, or a Flink job server; --job-endpoint says where.",
      cause,
    });
  }
}

/** Whether a metric is not one of what Girder's runner says of stages. */
function isOfAuthor({ labels }: MonitoringInfo): boolean {
  return labels["NAMESPACE"] !== STAGE_NAMESPACE;
}

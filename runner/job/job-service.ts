/** The calls of Beam's `JobService` and `ArtifactStagingService`. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { GirderError } from "../../portability/errors.js";
import type { HandlersOf } from "../../portability/fn-api/call-types.js";
import type { ArtifactStagingService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import {
  JobMessage_MessageImportance as Importance,
  type JobMessagesResponseSchema,
  type JobService,
  type JobStateEventSchema,
  type PipelineOptionDescriptorSchema,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import type { Pipeline } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { CommitManifestResponse } from "../../portability/urns.js";
import type { CheckPipeline, ExecuteJob } from "./execution.js";
import { failureText } from "./failure-text.js";
import type { Job, JobMessage, StateChange } from "./job.js";
import { JobState } from "./job-state.js";
import type { Jobs } from "./jobs.js";
import { ownIdsOnly } from "./own-ids.js";
import type { Preparations } from "./preparations.js";

/** An option that clients may offer their users (`PipelineOptionDescriptor`). */
export type DescribedOption = MessageInitShape<typeof PipelineOptionDescriptorSchema>;

export interface JobServiceParts {
  readonly jobs: Jobs;
  readonly preparations: Preparations;
  readonly execute: ExecuteJob;
  readonly check: CheckPipeline;
  readonly describedOptions: readonly DescribedOption[];
  /** The server's address, for callers that do not say by which one they know it. */
  readonly address: () => string;
  /** Is told what happens, a line each time. */
  readonly report: (line: string) => void;
}

const IMPORTANCE: Readonly<Record<JobMessage["importance"], Importance>> = {
  debug: Importance.JOB_MESSAGE_DEBUG,
  detailed: Importance.JOB_MESSAGE_DETAILED,
  basic: Importance.JOB_MESSAGE_BASIC,
  warning: Importance.JOB_MESSAGE_WARNING,
  error: Importance.JOB_MESSAGE_ERROR,
};

export function jobService(parts: JobServiceParts): HandlersOf<typeof JobService> {
  const { jobs, preparations, describedOptions } = parts;
  return {
    prepare({ pipeline, pipelineOptions, jobName }, { host }) {
      if (pipeline === undefined) {
        throw new GirderError("invalid-pipeline", "There is no pipeline in the request.", { where: jobName });
      }
      ownIdsOnly(pipeline);
      checked(pipeline, jobName, parts);
      const { id, token } = preparations.add({ name: jobName, pipeline, options: pipelineOptions ?? {} });
      // The client reaches this server by the address it came by, be it through a tunnel.
      const url = /:\d+$/.test(host) ? host : parts.address();
      return { preparationId: id, stagingSessionToken: token, artifactStagingEndpoint: { url } };
    },
    run: ({ preparationId, retrievalToken }) => ({ jobId: run(preparationId, retrievalToken, parts) }),
    getJobs: () => ({
      jobInfo: jobs.all().map(({ id: jobId, name: jobName, options: pipelineOptions, state: { state } }) => {
        return { jobId, jobName, pipelineOptions, state };
      }),
    }),
    getState: ({ jobId }) => stateEvent(jobs.get(jobId).state),
    getPipeline: ({ jobId }) => ({ pipeline: jobs.get(jobId).pipeline }),
    cancel: ({ jobId }) => ({ state: jobs.get(jobId).cancel().state }),
    drain: ({ jobId }) => ({ state: jobs.get(jobId).drain().state }),
    async *getStateStream({ jobId }, { signal }) {
      for await (const change of jobs.get(jobId).states(signal)) yield stateEvent(change);
    },
    async *getMessageStream({ jobId }, { signal }) {
      for await (const event of jobs.get(jobId).events(signal)) yield messageResponse(event);
    },
    getJobMetrics({ jobId }) {
      const { attempted, committed } = jobs.get(jobId).metrics();
      return { metrics: { attempted: [...attempted], committed: [...committed] } };
    },
    describePipelineOptions: () => ({ options: [...describedOptions] }),
  };
}

export function stagingService({ preparations }: JobServiceParts): HandlersOf<typeof ArtifactStagingService> {
  return {
    async *reverseArtifactRetrievalService(responses) {
      const answers = responses[Symbol.asyncIterator]();
      const first = await answers.next();
      const preparation = preparations.withToken(first.done === true ? "" : first.value.stagingToken);
      try {
        yield* preparation.stage(() => answers.next());
      } finally {
        preparations.touch(preparation);
      }
    },
  };
}

/** @throws GirderError `invalid-pipeline`, `unsupported`, or `internal` where the check itself has a fault. */
function checked(pipeline: Pipeline, name: string, { check, report }: JobServiceParts): void {
  try {
    check(pipeline);
  } catch (thrown) {
    report(`refuses ${JSON.stringify(name.slice(0, 100))}: ${failureText(thrown)}`);
    if (thrown instanceof GirderError) throw thrown;
    if (thrown instanceof RangeError && thrown.message.includes("call stack")) {
      throw new GirderError("invalid-pipeline", "Its composites or coders are nested thousands deep.", { where: name });
    }
    throw new GirderError("internal", `The pipeline cannot be checked: ${String(thrown)}.`, {
      cause: thrown,
      remedy: "Please report this, with the pipeline.",
    });
  }
}

function run(id: string, token: string, { jobs, preparations, execute, report }: JobServiceParts): string {
  if (jobs.find(id) !== undefined) {
    throw new GirderError("invalid-argument", "This preparation has been run.", {
      where: id,
      remedy: "Prepare a job anew for each run.",
    });
  }
  const preparation = preparations.get(id);
  const { NO_ARTIFACTS_STAGED_TOKEN } = CommitManifestResponse.Constants;
  // Java's and Python's clients give none.
  if (token !== "" && token !== NO_ARTIFACTS_STAGED_TOKEN && token !== preparation.token) {
    throw new GirderError("invalid-argument", "The retrieval token is not that of this preparation.", {
      where: id,
      remedy: "Use the token that Prepare gave for staging, or none.",
    });
  }
  const job = preparation.job();
  preparations.take(preparation);
  jobs.add(job);
  report(`${job.id}: begins`);
  job.start(execute);
  void job.ended.then(() => report(lastLine(job)));
  return job.id;
}

/** The line about a job's end. */
function lastLine({ id, state: { state }, failure }: Job): string {
  return `${id}: ${JobState[state].toLowerCase()}${failure === undefined ? "" : `: ${failure}`}`;
}

function stateEvent({ state, time }: StateChange): MessageInitShape<typeof JobStateEventSchema> {
  return { state, timestamp: timestampFromDate(time) };
}

function messageResponse(event: StateChange | JobMessage): MessageInitShape<typeof JobMessagesResponseSchema> {
  if (event.kind === "state") return { response: { case: "stateResponse", value: stateEvent(event) } };
  const { id: messageId, importance, text: messageText, time } = event;
  const value = { messageId, messageText, importance: IMPORTANCE[importance], time: time.toISOString() };
  return { response: { case: "messageResponse", value } };
}

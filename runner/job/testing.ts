/** For specs: a job server whose jobs end when they are told to, and clients of it. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import type { ConnectionTo } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import {
  type ArtifactResponseWrapperSchema,
  ArtifactRetrievalService,
  ArtifactStagingService,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import {
  type ArtifactInformation,
  type Pipeline,
  PipelineSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import {
  GlobalWindowsPayload,
  StandardCoders,
  StandardEnvironments,
  StandardPTransforms,
} from "../../portability/urns.js";
import type { ExecuteJob, JobMetrics, JobToExecute } from "./execution.js";
import { JobServer, type JobServerOptions } from "./job-server.js";

/** A job that has been begun, and ends when it is told to, or cancelled. */
export interface FakeExecution {
  readonly job: JobToExecute;
  metrics: JobMetrics;
  finish(): void;
  fail(thrown: unknown): void;
}

/** Executions by the ids of their jobs. */
export class FakeExecutor {
  readonly #executions = new Map<string, FakeExecution>();

  readonly execute: ExecuteJob = (job) => {
    let execution!: FakeExecution;
    const done = new Promise<void>((finish, fail) => {
      execution = { job, metrics: { attempted: [], committed: [] }, finish, fail };
    });
    job.signal.addEventListener("abort", () => execution.fail(new GirderError("cancelled", "The job was cancelled.")));
    this.#executions.set(job.jobId, execution);
    return { done, metrics: () => execution.metrics };
  };

  of(jobId: string): FakeExecution {
    const execution = this.#executions.get(jobId);
    if (execution === undefined) throw new Error(`The job ${jobId} has not been begun.`);
    return execution;
  }
}

/** A server with clients for its services. */
export interface ServerUnderTest extends AsyncDisposable {
  readonly server: JobServer;
  readonly executor: FakeExecutor;
  readonly jobs: ConnectionTo<typeof JobService>["call"];
  readonly staging: ConnectionTo<typeof ArtifactStagingService>["call"];
  readonly retrieval: ConnectionTo<typeof ArtifactRetrievalService>["call"];
  /** Lines that the server has reported. */
  readonly reported: readonly string[];
}

/** Starts a server that takes any pipeline. */
export async function startServer(options: Partial<JobServerOptions> = {}): Promise<ServerUnderTest> {
  const executor = new FakeExecutor();
  const reported: string[] = [];
  const server = await JobServer.start({
    host: "127.0.0.1",
    port: 0,
    check: () => undefined,
    execute: executor.execute,
    report: (line) => reported.push(line),
    ...options,
  });
  const jobs = client(JobService, server.address);
  const staging = client(ArtifactStagingService, server.address);
  const retrieval = client(ArtifactRetrievalService, server.address);
  return {
    server,
    executor,
    reported,
    jobs: jobs.call,
    staging: staging.call,
    retrieval: retrieval.call,
    async [Symbol.asyncDispose]() {
      for (const connection of [jobs, staging, retrieval]) connection.close();
      await server.close();
    },
  };
}

/** Answers a server that stages artifacts, as the clients of SDKs do. */
export async function stage(
  staging: ServerUnderTest["staging"],
  token: string,
  read: (artifact: ArtifactInformation) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  resolve = (artifact: ArtifactInformation): readonly ArtifactInformation[] => [artifact],
): Promise<ArtifactInformation[]> {
  const asked: ArtifactInformation[] = [];
  const queue: Answer[] = [{ stagingToken: token }];
  let wake: (() => void) | undefined;
  let over = false;
  const push = (answer: Answer): void => {
    queue.push(answer);
    wake?.();
  };
  async function* answers(): AsyncGenerator<Answer, void, undefined> {
    while (!over) {
      yield* queue.splice(0);
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (queue.length > 0 || over) resolve();
      });
    }
  }
  try {
    for await (const { request } of staging.reverseArtifactRetrievalService(answers())) {
      if (request.case === "resolveArtifact") {
        const replacements = request.value.artifacts.flatMap(resolve);
        push({ response: { case: "resolveArtifactResponse", value: { replacements } } });
      } else if (request.case === "getArtifact") {
        const artifact = request.value.artifact!;
        asked.push(artifact);
        for await (const data of read(artifact)) push({ response: { case: "getArtifactResponse", value: { data } } });
        push({ isLast: true, response: { case: "getArtifactResponse", value: {} } });
      }
    }
  } finally {
    over = true;
    wake?.();
  }
  return asked;
}

/** What a client says on the stream for staging. */
export type Answer = MessageInitShape<typeof ArtifactResponseWrapperSchema>;

/** A pipeline of one transform, in an environment with these dependencies. */
export function pipelineWith(dependencies: ArtifactInformation[] = []): Pipeline {
  return create(PipelineSchema, {
    rootTransformIds: ["impulse"],
    components: {
      transforms: {
        impulse: {
          uniqueName: "Impulse",
          spec: { urn: StandardPTransforms.Primitives.IMPULSE },
          outputs: { out: "impulses" },
        },
      },
      pcollections: { impulses: { uniqueName: "impulses", coderId: "bytes", windowingStrategyId: "global" } },
      coders: {
        bytes: { spec: { urn: StandardCoders.Enum.BYTES } },
        window: { spec: { urn: StandardCoders.Enum.GLOBAL_WINDOW } },
      },
      windowingStrategies: {
        global: { windowFn: { urn: GlobalWindowsPayload.Enum.PROPERTIES }, windowCoderId: "window" },
      },
      environments: { worker: { urn: StandardEnvironments.Environments.EXTERNAL, dependencies } },
    },
  });
}

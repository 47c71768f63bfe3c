/**
 * A server that Beam's SDKs submit their pipelines to.
 *
 * ```ts
 * const server = await JobServer.start({ host: "127.0.0.1", port: 0, check, execute });
 * console.log(server.address); // 127.0.0.1:40123
 * await server.close();
 * ```
 */
import { createServer, listen, serve, shutdown } from "../../portability/fn-api/grpc.js";
import {
  ArtifactRetrievalService,
  ArtifactStagingService,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_artifact_api_pb.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { ArtifactStore } from "./artifacts/artifact-store.js";
import { PUBLIC_REPOSITORIES, type Repositories } from "./artifacts/remote-artifact.js";
import { artifactRetrieval } from "./artifacts/retrieval.js";
import type { CheckPipeline, ExecuteJob } from "./execution.js";
import { type DescribedOption, jobService, stagingService } from "./job-service.js";
import { Jobs, KEEP_FINISHED_JOBS, type KeepRule } from "./jobs.js";
import { KEEP_PREPARATIONS, type PreparationRule, Preparations } from "./preparations.js";

/** How long (ms) {@link JobServer.close} waits for jobs that it has cancelled: some have workers to end. */
const PATIENCE = 3_000;
/** How long (ms) it then waits for calls that are open. */
const LAST_CALLS = 500;

export interface JobServerOptions {
  /** What to listen on; whoever reaches it can run code. `127.0.0.1` or `::1` is this machine only. */
  readonly host: string;
  /** 0 is any port that is free. */
  readonly port: number;
  /** Where to make a folder for staged artifacts. Default: the system's folder for temporary files. */
  readonly stagingDirectory?: string;
  /** Which jobs are kept when they have ended, with their files. Default: {@link KEEP_FINISHED_JOBS}. */
  readonly keepFinishedJobs?: KeepRule;
  /** How long prepared jobs wait to be run. Default: {@link KEEP_PREPARATIONS}. */
  readonly keepPreparations?: PreparationRule;
  /** Called in Prepare, which answers with what it throws. */
  readonly check: CheckPipeline;
  readonly execute: ExecuteJob;
  /** Options of the runner that clients may show their users. Default: none. */
  readonly describedOptions?: readonly DescribedOption[];
  /** Where packages come from that are artifacts by name. Default: {@link PUBLIC_REPOSITORIES}. */
  readonly repositories?: Repositories;
  /** Ms for which {@link JobServer.close} waits for jobs to end. Default: 3 s. */
  readonly patience?: number;
  /** Is told what happens to jobs, a line each time. Default: nobody is. */
  readonly report?: (line: string) => void;
}

export class JobServer {
  /** `host:port` */
  readonly address: string;
  readonly port: number;
  readonly #jobs: Jobs;
  readonly #close: () => Promise<void>;
  #closing: Promise<void> | undefined;

  private constructor(address: string, port: number, jobs: Jobs, close: () => Promise<void>) {
    this.address = address;
    this.port = port;
    this.#jobs = jobs;
    this.#close = close;
  }

  /** How many streams of states and messages wait for something to happen. */
  get watchers(): number {
    return this.#jobs.all().reduce((sum, job) => sum + job.watchers, 0);
  }

  /** @throws GirderError `io` where it cannot listen, or has nowhere to put artifacts. */
  static async start(options: JobServerOptions): Promise<JobServer> {
    const { host, check, execute, describedOptions = [], report = () => undefined } = options;
    const { repositories = PUBLIC_REPOSITORIES } = options;
    const store = await ArtifactStore.open(options.stagingDirectory);
    const jobs = new Jobs(options.keepFinishedJobs ?? KEEP_FINISHED_JOBS);
    const preparations = new Preparations(store, repositories, options.keepPreparations ?? KEEP_PREPARATIONS);
    const addressOf = (port: number): string => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);
    let { port } = options;
    const parts = { jobs, preparations, check, execute, describedOptions, report, address: () => addressOf(port) };
    const server = createServer();
    serve(server, JobService, jobService(parts));
    serve(server, ArtifactStagingService, stagingService(parts));
    serve(server, ArtifactRetrievalService, artifactRetrieval(jobs));
    try {
      port = await listen(server, addressOf(port));
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
    return new JobServer(addressOf(port), port, jobs, async () => {
      await preparations.close();
      await jobs.close(options.patience ?? PATIENCE);
      await shutdown(server, LAST_CALLS);
      await store.close();
    });
  }

  /**
   * Takes no more jobs, cancels those that run, waits a while for them, and removes all files. Those who watch a job see its
   * end.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }
}

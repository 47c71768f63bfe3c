/** Executes jobs of the job service, with workers behind the Fn API. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  type Environment,
  ExternalPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { StandardEnvironments } from "../../portability/urns.js";
import type { NodeBacklog } from "../engine/backlog.js";
import type { EnvironmentOptions } from "../environment/environment-options.js";
import { AttemptedMetrics } from "../environment/fn-api/attempted-metrics.js";
import type { BundleWatchOptions } from "../environment/fn-api/bundle-watch.js";
import { RemoteWorker, type StartWorker } from "../environment/fn-api/remote-worker.js";
import { sdkCapabilitiesOf } from "../environment/fn-api/sdk-capabilities.js";
import { launcherFor } from "../environment/launcher-for.js";
import { RUNNER_CAPABILITIES } from "../environment/runner-capabilities.js";
import { execute } from "../execution/execute.js";
import type { ExecutionOptions } from "../execution/options.js";
import type { JobResult } from "../execution/progress.js";
import { PORTABLE_CAPABILITIES } from "../graph/capabilities.js";
import { backlogMetrics } from "./backlog-metrics.js";
import type { ExecuteJob, JobExecution, JobToExecute } from "./execution.js";
import { hostOf } from "./reachable-address.js";
import { messageOfLog } from "./worker-log.js";
import type { WorkerServices } from "./worker-services.js";

/** How jobs are executed. */
export interface ExecutionSettings {
  /** Bytes of grouped and waiting elements that a job keeps in memory, roughly; beyond, they are written to disk. */
  readonly memoryBudget: number;
  /** How often a bundle that was lost with its worker is tried in all. */
  readonly bundleAttempts: number;
  readonly environments?: EnvironmentOptions;
  /** How bundles that are out at workers are watched. */
  readonly watch?: Pick<BundleWatchOptions, "interval" | "stuckAfter" | "answerTime">;
  /** What else is said of how pipelines are executed, by whoever has only jobs of its own. */
  readonly execution?: Omit<
    ExecutionOptions,
    "worker" | "capabilities" | "memoryBudget" | "bundleAttempts" | "signal" | "drain" | "metrics"
  >;
  /** Is told of a job that has come to its end. */
  readonly onResult?: (result: JobResult) => void;
}

export function jobExecutor(services: WorkerServices, settings: ExecutionSettings): ExecuteJob {
  return (job) => executeJob(job, services, settings);
}

function executeJob(job: JobToExecute, services: WorkerServices, settings: ExecutionSettings): JobExecution {
  const metrics = new MetricsContainer();
  const attempted = new AttemptedMetrics();
  let backlog: readonly NodeBacklog[] = [];
  const { execution = {}, onResult } = settings;
  const running = execute(job.pipeline, {
    ...execution,
    ...(job.options["beam:option:streaming:v1"] === true ? { streaming: true } : {}),
    worker: (environment, id) => workerFor(job, environment, id, services, settings, attempted),
    capabilities: PORTABLE_CAPABILITIES,
    memoryBudget: settings.memoryBudget,
    bundleAttempts: settings.bundleAttempts,
    signal: job.signal,
    drain: job.drain,
    metrics,
    onProgress: (progress) => {
      backlog = progress.backlog;
      execution.onProgress?.(progress);
    },
  });
  return {
    done: running.then((result) => onResult?.(result)),
    metrics: () => ({
      attempted: [...attempted.infos, ...backlogMetrics(backlog, Date.now())],
      committed: metrics.toMonitoringInfos(),
    }),
  };
}

function workerFor(
  job: JobToExecute,
  environment: Environment,
  environmentId: string,
  services: WorkerServices,
  { environments = {}, watch = {} }: ExecutionSettings,
  attempted: AttemptedMetrics,
): RemoteWorker {
  const launcher = launcherFor(environment, environments);
  const address = services.addressFor(poolOf(environment));
  const endpoints = services.endpointsAt(address);
  const start: StartWorker = async (id, signal) => {
    services.serve(id, {
      provision: {
        jobId: job.jobId,
        jobName: job.jobName,
        pipelineOptions: job.options,
        retrievalToken: job.retrievalToken,
        runnerCapabilities: RUNNER_CAPABILITIES,
        endpoints,
        // Of alternatives, each has its own.
        get dependencies() {
          return launcher.environment.dependencies;
        },
      },
      artifacts: job.artifacts,
      log: (entry) => {
        const message = messageOfLog(job.jobId, id, entry);
        if (message !== undefined) job.log(message);
      },
    });
    try {
      const { exited, stop } = await launcher.launch({ id, endpoints, signal });
      return {
        exited,
        sdk: sdkCapabilitiesOf(launcher.environment),
        stop: async () => {
          await stop();
          services.forget(id);
        },
      };
    } catch (thrown) {
      services.forget(id);
      throw thrown;
    }
  };
  return new RemoteWorker(`${job.jobId}/${environmentId}`, services.fnApi, address, start, {
    watch: {
      ...watch,
      attempted,
      report: (id, timeout) => services.status.report(id, timeout),
      warn: (text) => job.log({ importance: "warning", text }),
    },
  });
}

/** The host of an environment's worker pool; undefined where workers are started on this machine. */
function poolOf({ urn, payload }: Environment): string | undefined {
  if (urn !== StandardEnvironments.Environments.EXTERNAL) return undefined;
  const { endpoint } = fromBinary(ExternalPayloadSchema, payload);
  return endpoint === undefined ? undefined : hostOf(endpoint.url);
}

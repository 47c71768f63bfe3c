/**
 * Running pipelines.
 *
 * @module girder/apache-beam/runners/runner
 */
import { JobState_Enum } from "../../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import type { DistributionCell } from "../../../portability/metrics/index.js";
import type { PipelineResult as GirderResult } from "../../runners/pipeline-result.js";
import { run } from "../../runners/run.js";
import type { Loose } from "../adapt/loose.js";
import { girderOptions } from "../adapt/runner-options.js";
import { type PValue, Root } from "../pvalue.js";

export { JobState_Enum };

/** Options of a run, by name. What is meant for another runner is passed over. */
export type PipelineOptions = object;

/** Count, sum, least and greatest of the numbers of a distribution. */
export interface DistributionResult {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

/** A pipeline that runs, or has run. */
export class PipelineResult {
  readonly #done: Promise<GirderResult>;

  constructor(done: Promise<GirderResult>) {
    this.#done = done;
    // A failure is of whoever waits for the end.
    done.catch(() => {});
  }

  /**
   * Waits for the end, and gives the state that the job is in then.
   *
   * @param duration Ms to wait at most: the state is `RUNNING` if the job goes on. Default: as long as it takes.
   * @throws GirderError with the reason if the job fails: more than `FAILED` could say.
   */
  async waitUntilFinish(duration?: number): Promise<JobState_Enum> {
    const ended = this.#done.then(({ state }) => JobState_Enum[state]);
    if (duration === undefined) return ended;
    let timer: NodeJS.Timeout | undefined;
    const running = new Promise<JobState_Enum>((resolve) => {
      timer = setTimeout(resolve, duration, JobState_Enum.RUNNING);
    });
    return Promise.race([ended, running]).finally(() => clearTimeout(timer));
  }

  /** All metrics, once the pipeline has ended. */
  async rawMetrics(): Promise<MonitoringInfo[]> {
    return (await this.#done).metrics.toMonitoringInfos();
  }

  /** The counters by name, summed over all steps, once the pipeline has ended. */
  async counters(): Promise<{ [key: string]: number }> {
    const result = await this.#done;
    const counters: { [key: string]: number } = {};
    for (const { key } of result.metrics.entries()) {
      if (key.kind === "counter") counters[key.name] = Number(result.counter(key.name));
    }
    return counters;
  }

  /** The distributions by name, of all steps, once the pipeline has ended. */
  async distributions(): Promise<{ [key: string]: DistributionResult }> {
    const distributions: { [key: string]: DistributionResult } = {};
    for (const { key, cell } of (await this.#done).metrics.entries()) {
      if (key.kind !== "distribution") continue;
      const { count, sum, min, max } = (cell as DistributionCell).result();
      const other = distributions[key.name];
      distributions[key.name] = {
        count: Number(count) + (other?.count ?? 0),
        sum: Number(sum) + (other?.sum ?? 0),
        min: Math.min(Number(min), other?.min ?? Infinity),
        max: Math.max(Number(max), other?.max ?? -Infinity),
      };
    }
    return distributions;
  }
}

/** What takes the definition of a pipeline and executes it. Made by {@link createRunner}. */
export abstract class Runner {
  /**
   * Runs a pipeline to its end.
   *
   * @throws GirderError with the reason, if the pipeline cannot be built, is refused, or fails.
   */
  async run(
    build: (root: Root) => PValue<Loose> | Promise<PValue<Loose>>,
    options?: PipelineOptions,
  ): Promise<PipelineResult> {
    const result = await this.runAsync(build, options);
    await result.waitUntilFinish();
    return result;
  }

  /** Starts a pipeline, and resolves when it has been built. */
  abstract runAsync(
    build: (root: Root) => PValue<Loose> | Promise<PValue<Loose>>,
    options?: PipelineOptions,
  ): Promise<PipelineResult>;
}

/** One of Girder's runners. */
class GirderRunner extends Runner {
  constructor(private readonly options: object) {
    super();
  }

  override async runAsync(
    build: (root: Root) => PValue<Loose> | Promise<PValue<Loose>>,
    options: PipelineOptions = {},
  ): Promise<PipelineResult> {
    let onBuilt = (): void => {};
    const built = new Promise<void>((resolve) => {
      onBuilt = resolve;
    });
    const done = run(
      async (root) => {
        await build(new Root(root));
        onBuilt();
      },
      girderOptions({ ...this.options, ...options }),
    );
    await Promise.race([built, done]);
    return new PipelineResult(done);
  }
}

/**
 * The runner that the options name: `default` and `direct` are the embedded one, as is `universal` without a `jobEndpoint`; with
 * one it is `portable`. Other names are those of Girder's runners.
 *
 * @throws GirderError `invalid-option` when a pipeline is run, for a runner that there is not.
 */
export function createRunner(options: Loose = {}): Runner {
  return new GirderRunner(options);
}

/** The runner for what nothing is said about: the embedded one. */
export function defaultRunner(defaultOptions: object = {}): Runner {
  return createRunner({ ...defaultOptions, runner: "default" });
}

/** The embedded runner, or with a `jobEndpoint` a job service, whose functions run in this process. */
export function loopbackRunner(defaultOptions: object = {}): Runner {
  return createRunner({ environmentType: "LOOPBACK", ...defaultOptions, runner: "universal" });
}

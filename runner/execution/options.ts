/** How a job is executed. */
import type { StageWorker } from "../../portability/execution/stage.js";
import type { Environment } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MetricsContainer } from "../../portability/metrics/index.js";
import type { Capabilities } from "../graph/capabilities.js";
import type { Progress } from "./progress.js";

export interface ExecutionOptions {
  /** Gives a worker for an environment of the pipeline. Called once for each environment that has stages. */
  readonly worker: (environment: Environment, id: string) => StageWorker;
  /** What the workers do. Default: what a worker in this process does. */
  readonly capabilities?: Capabilities;
  /** Bytes of grouped and waiting elements kept in memory, roughly; beyond, they are written to disk. Default: 1 GiB. */
  readonly memoryBudget?: number;
  /** How often a bundle that was lost with its worker is tried in all. Default: 4, the first and three more. */
  readonly bundleAttempts?: number;
  /** Share of bundles (0 to 1) whose results are thrown away at random, to see that it makes no difference. Default: 0. */
  readonly failBundles?: number;
  /** Share of bundles (0 to 1) that are ended early at random, to see that it makes no difference. Default: 0. */
  readonly splitBundles?: number;
  /** Seed of those random choices. Default: 0. */
  readonly seed?: number;
  /** Whether the engine is replaced by a copy of itself after every event, to see that it makes no difference. */
  readonly restoreAlways?: boolean;
  /** Elements in a bundle, at most; of splittable DoFns, positions that they claim. Default: no limit; time ends a bundle. */
  readonly maxBundleElements?: number;
  /** How long a bundle lasts, at most, in ms. Default: 1000, or less where something has no end: `STREAMING_BUNDLE_TIME`. */
  readonly maxBundleTime?: number;
  /**
   * Whether what comes out soon matters more than how much: bundles are short. Default: where a PCollection is unbounded.
   */
  readonly streaming?: boolean;
  /**
   * Whether sources that never end do end, where they say that there is nothing more for now. Windows are closed then, and
   * the job comes to its end. Default: they go on until the job is cancelled.
   */
  readonly untilAvailable?: boolean;
  /** Where what is recorded by bundles that were committed is gathered. Default: a container that comes with the result. */
  readonly metrics?: MetricsContainer;
  /** Drains the job: sources stop, what is there is processed, windows close, and the job ends. */
  readonly drain?: AbortSignal;
  /** Cancels the job. */
  readonly signal?: AbortSignal;
  /** Is told how far the job has come, now and then. */
  readonly onProgress?: (progress: Progress) => void;
}

/** How long (ms) a bundle keeps the thread at a time: progress, timers and Ctrl-C wait no longer. */
export const SLICE_TIME = 20;
/**
 * How long (ms) a bundle lasts before it returns its rest. Longer ones combine more before they group, shorter ones lose
 * less when they fail.
 */
export const BUNDLE_TIME = 1000;
/** The same for pipelines that do not end: nothing is seen of what a bundle has output before it has ended. */
export const STREAMING_BUNDLE_TIME = 20;

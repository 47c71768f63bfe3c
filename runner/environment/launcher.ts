/** What it is to launch a worker, whichever kind of environment it lives in. */
import type { Environment } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** Where a worker finds the runner's services: `host:port` each. */
export interface WorkerEndpoints {
  readonly control: string;
  readonly data?: string;
  readonly logging: string;
  readonly artifact: string;
  readonly provision: string;
  readonly state?: string;
  readonly status?: string;
}

/** The worker to launch. */
export interface WorkerToLaunch {
  /** By which it names itself in the `worker_id` metadata of all its calls. No other worker of the server has it. */
  readonly id: string;
  readonly endpoints: WorkerEndpoints;
  /** For a worker pool, beside those that the environment names itself; these win. Nothing else has use for them. */
  readonly params?: Readonly<Record<string, string>>;
  /** Gives up the launch; when the worker is there already, stops it. */
  readonly signal: AbortSignal;
}

/** A worker that was launched. It has not necessarily connected yet. */
export interface LaunchedWorker {
  /**
   * Settles with a reason, for people, when the worker has ended by itself: the exit code or signal of its process or container
   * and what it said last. Never for workers of a pool (environment type EXTERNAL), which does not tell, and never for a worker that was stopped.
   */
  readonly exited: Promise<string>;
  /** Ends the worker: asks, waits for a grace time, kills. Settles when it is gone, and does not reject. */
  stop(): Promise<void>;
}

/** Launches the workers of one environment. */
export interface Launcher {
  /**
   * The environment that {@link launch} launches: for ANYOF the alternative that is being tried, or that was chosen; for DEFAULT
   * what stands for it. Its dependencies are what the worker is to be provisioned with, its capabilities what the worker can do.
   */
  readonly environment: Environment;
  /**
   * @throws GirderError `cancelled` when the worker's signal aborts; else a reason why there cannot be a worker. Then nothing is left of it.
   */
  launch(worker: WorkerToLaunch): Promise<LaunchedWorker>;
}

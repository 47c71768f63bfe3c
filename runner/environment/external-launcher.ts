/** Workers of a pool that others keep, which is asked to start and stop them: environment type EXTERNAL, and so LOOPBACK. */
import { GirderError } from "../../portability/errors.js";
import type { ConnectionTo } from "../../portability/fn-api/call-types.js";
import { client } from "../../portability/fn-api/grpc.js";
import { BeamFnExternalWorkerPool } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import type {
  Environment,
  ExternalPayload,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { DEFAULT_GRACE, DEFAULT_POOL_TIMEOUT, type EnvironmentOptions } from "./environment-options.js";
import { launchedWorker, throwIfAborted } from "./launched-worker.js";
import type { LaunchedWorker, Launcher, WorkerToLaunch } from "./launcher.js";

/** How long (ms) it may take to reach a pool, at most. One that is being started meanwhile is waited for. */
const REACH_TIME = 5_000;

type Pool = ConnectionTo<typeof BeamFnExternalWorkerPool>;

/**
 * Asks a worker pool (`BeamFnExternalWorkerPool`) for workers.
 *
 * A worker of a pool is nobody's child here. When the server is gone without having stopped it, it ends by itself as its
 * control stream does. The pool is called anew each time: a connection that is kept idle for a job's life would have to be
 * kept alive by pings, which the servers of Go and Java take for an attack.
 */
export class ExternalLauncher implements Launcher {
  readonly #address: string;
  readonly #params: Readonly<Record<string, string>>;
  readonly #timeout: number;
  readonly #grace: number;

  /** @throws GirderError `invalid-pipeline` if the payload names no pool; `unsupported` if the pool wants authentication. */
  constructor(
    readonly environment: Environment,
    { endpoint, params }: ExternalPayload,
    { poolTimeout = DEFAULT_POOL_TIMEOUT, grace = DEFAULT_GRACE }: EnvironmentOptions,
  ) {
    if (endpoint === undefined || endpoint.url === "") {
      throw new GirderError("invalid-pipeline", "An environment of type EXTERNAL does not say where its pool is.", {
        where: environment.urn,
        remedy: "Give the address of the worker pool as --environment_config=host:port.",
      });
    }
    const authentication = endpoint.authentication?.urn ?? "";
    if (authentication !== "") {
      throw new GirderError("unsupported", `A worker pool asks for authentication by ${authentication}.`, {
        where: endpoint.url,
        remedy: "Leave authentication to the network: let the pool listen where only this machine can reach it.",
      });
    }
    this.#address = endpoint.url;
    this.#params = params;
    this.#timeout = poolTimeout;
    this.#grace = grace;
  }

  async launch({ id, endpoints, params, signal }: WorkerToLaunch): Promise<LaunchedWorker> {
    throwIfAborted(signal);
    const { control, logging, artifact, provision } = endpoints;
    await this.#call(async (pool) => {
      await this.#reach(pool, signal);
      await this.#start(pool, signal, {
        workerId: id,
        controlEndpoint: { url: control },
        loggingEndpoint: { url: logging },
        artifactEndpoint: { url: artifact },
        provisionEndpoint: { url: provision },
        params: { ...this.#params, ...params },
      });
    });
    return launchedWorker(signal, () => this.#stop(id));
  }

  async #reach(pool: Pool, signal: AbortSignal): Promise<void> {
    let giveUp = (): void => undefined;
    const cancelled = new Promise<void>((resolve) => {
      giveUp = resolve;
      signal.addEventListener("abort", giveUp, { once: true });
    });
    try {
      await Promise.race([pool.ready(Math.min(this.#timeout, REACH_TIME)), cancelled]);
    } catch (cause) {
      throw new GirderError("io", "The worker pool of an environment cannot be reached.", {
        where: this.#address,
        remedy:
          "See that the pool runs (python -m apache_beam.runners.worker.worker_pool_main --service_port=…) and that its " +
          "address holds on the machine of this server; with LOOPBACK the pool is in the program that submits the job, which must go on.",
        cause,
      });
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    throwIfAborted(signal);
  }

  async #start(pool: Pool, signal: AbortSignal, request: Parameters<Pool["call"]["startWorker"]>[0]): Promise<void> {
    const { workerId = "" } = request;
    let refusal: string;
    try {
      refusal = (await pool.call.startWorker(request, { signal, timeout: this.#timeout })).error;
    } catch (cause) {
      // Whether it has begun to start the worker, only the pool knows.
      void this.#stop(workerId);
      throwIfAborted(signal);
      throw new GirderError("io", "The worker pool of an environment does not start a worker.", {
        where: this.#address,
        remedy: `See that what listens there is a worker pool of a Beam SDK, and what it logs. It said: ${(cause as Error).message}`,
        cause,
      });
    }
    if (refusal !== "") {
      throw new GirderError("io", `The worker pool of an environment refuses to start a worker: ${refusal.trim()}`, {
        where: this.#address,
        remedy: "See what the pool logs.",
      });
    }
  }

  /** Where the pool does not answer, there is nothing more to be done here. */
  #stop(workerId: string): Promise<void> {
    return this.#call(async (pool) => {
      await pool.call.stopWorker({ workerId }, { timeout: this.#grace }).catch(() => undefined);
    });
  }

  async #call(use: (pool: Pool) => Promise<void>): Promise<void> {
    const pool = client(BeamFnExternalWorkerPool, this.#address);
    try {
      await use(pool);
    } finally {
      pool.close();
    }
  }
}

/**
 * A pool of workers (`BeamFnExternalWorkerPool`), which a runner asks to start and stop them: what environments of type
 * EXTERNAL name, and what LOOPBACK is in the program that submits a job.
 */
import { GirderError, messageOf } from "../../portability/errors.js";
import { createServer, listen, serve, shutdown } from "../../portability/fn-api/grpc.js";
import {
  BeamFnExternalWorkerPool,
  type StartWorkerRequest,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";

/** A worker as its pool sees it. */
export interface PoolWorker {
  /** Settles when the worker has ended. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Starts a worker. What it throws is what the runner is told. */
export type StartPoolWorker = (request: StartWorkerRequest) => PoolWorker | Promise<PoolWorker>;

/** How long (ms) closing waits for calls that are open. */
const LAST_CALLS = 500;

export class WorkerPool {
  readonly #workers = new Map<string, Promise<PoolWorker>>();
  readonly #server = createServer();
  #called!: () => void;
  /** Settles when a worker has been asked for. */
  readonly asked = new Promise<void>((resolve) => {
    this.#called = resolve;
  });

  private constructor(
    readonly start: StartPoolWorker,
    readonly host: string,
  ) {}

  /** `host:port` */
  address = "";

  /** @throws GirderError `io` where it cannot listen. @param port 0 is any that is free. */
  static async open(start: StartPoolWorker, host = "localhost", port = 0): Promise<WorkerPool> {
    const pool = new WorkerPool(start, host);
    serve(pool.#server, BeamFnExternalWorkerPool, {
      startWorker: (request) => pool.#answer(() => pool.#start(request)),
      stopWorker: ({ workerId }) => pool.#answer(() => pool.#stop(workerId)),
    });
    const bare = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    pool.address = `${bare}:${await listen(pool.#server, `${bare}:${port}`)}`;
    return pool;
  }

  async #answer(act: () => Promise<void>): Promise<{ error: string }> {
    try {
      await act();
      return { error: "" };
    } catch (thrown) {
      return { error: messageOf(thrown) };
    }
  }

  async #start(request: StartWorkerRequest): Promise<void> {
    const { workerId } = request;
    this.#called();
    if (this.#workers.has(workerId)) {
      throw new GirderError("invalid-argument", `A worker ${workerId} has been started here already.`);
    }
    const starting = Promise.resolve(request).then(this.start);
    this.#workers.set(workerId, starting);
    try {
      const { ended } = await starting;
      const forget = (): void => void this.#workers.delete(workerId);
      ended.then(forget, forget);
    } catch (thrown) {
      this.#workers.delete(workerId);
      throw thrown;
    }
  }

  /** One that is not there any more has ended by itself. */
  async #stop(workerId: string): Promise<void> {
    const worker = this.#workers.get(workerId);
    this.#workers.delete(workerId);
    await (await worker)?.stop();
  }

  /** How many workers there are. */
  get size(): number {
    return this.#workers.size;
  }

  /** Stops all workers, and takes no more calls. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#workers.keys()].map((id) => this.#stop(id)));
    await shutdown(this.#server, LAST_CALLS);
  }
}

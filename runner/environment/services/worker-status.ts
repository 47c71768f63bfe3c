/** What workers say of themselves when they are asked: the service `BeamFnWorkerStatus`. */
import { GirderError } from "../../../portability/errors.js";
import type { Handlers } from "../../../portability/fn-api/call-types.js";
import type {
  BeamFnWorkerStatus,
  WorkerStatusResponse,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { unknownWorker, workerIdOf } from "./worker-id.js";

export interface WorkerStatusOptions {
  /** Whether there is such a worker. The streams of others are refused. Default: all are known. */
  readonly knows?: (workerId: string) => boolean;
}

/**
 * Asks workers for their status: a text for people, with stacks of threads, active bundles and caches.
 *
 * A worker that is alive answers while its functions run, unless they keep its interpreter to themselves. So a bundle without progress
 * of a worker that answers is slow, and its report says at what; one that does not answer is stuck as a whole.
 */
export class WorkerStatus {
  readonly #knows: (workerId: string) => boolean;
  readonly #workers = new Map<string, StatusStream>();
  /** Questions to workers that have not connected yet. */
  readonly #waiting = new Map<string, Set<() => void>>();
  #lastId = 0;

  constructor({ knows = () => true }: WorkerStatusOptions = {}) {
    this.#knows = knows;
  }

  /** Handlers of the service. A stream stays open until its worker closes it: Python's would call again without a pause. */
  readonly handlers: Handlers<(typeof BeamFnWorkerStatus)["method"]> = {
    workerStatus: (responses, call) => {
      const id = workerIdOf(call);
      if (!this.#knows(id)) throw unknownWorker(id);
      const stream = new StatusStream(id);
      this.#workers.get(id)?.close();
      this.#workers.set(id, stream);
      void this.#read(stream, responses);
      for (const connected of this.#waiting.get(id) ?? []) connected();
      return stream.requests();
    },
  };

  /** Whether the worker can be asked. */
  isConnected(workerId: string): boolean {
    return this.#workers.has(workerId);
  }

  /**
   * Asks a worker for its report. One that has not connected yet is given the time to do so.
   *
   * @param timeout ms until the answer, in all.
   * @throws GirderError `io` if there is none by then, or the worker could not make one; `worker-lost` if the worker disconnects meanwhile.
   */
  async report(workerId: string, timeout: number): Promise<string> {
    const end = performance.now() + timeout;
    const stream = this.#workers.get(workerId) ?? (await this.#connected(workerId, timeout));
    const id = String(++this.#lastId);
    const { error, statusInfo } = await within(stream.ask(id), end - performance.now(), () => {
      stream.forget(id);
      return new GirderError("io", `A worker has not said within ${timeout} ms what it is doing.`, {
        where: workerId,
        remedy: "It is stuck as a whole, in native code for instance, or the machine is overloaded.",
      });
    });
    if (error !== "") {
      throw new GirderError("io", `A worker could not say what it is doing: ${error}`, { where: workerId });
    }
    return statusInfo;
  }

  #connected(workerId: string, timeout: number): Promise<StatusStream> {
    const waiting = this.#waiting.get(workerId) ?? new Set();
    this.#waiting.set(workerId, waiting);
    let connected = (): void => undefined;
    const stream = new Promise<StatusStream>((resolve) => {
      connected = () => resolve(this.#workers.get(workerId)!);
      waiting.add(connected);
    });
    const done = (): void => {
      waiting.delete(connected);
      if (waiting.size === 0) this.#waiting.delete(workerId);
    };
    return within(stream, timeout, () => {
      return new GirderError("io", `A worker has not connected to the status service within ${timeout} ms.`, {
        where: workerId,
        remedy: "Not every worker does: the capabilities of its environment say so (beam:protocol:worker_status:v1).",
      });
    }).finally(done);
  }

  async #read(stream: StatusStream, responses: AsyncIterable<WorkerStatusResponse>): Promise<void> {
    try {
      for await (const response of responses) stream.answered(response);
    } catch {
      // The worker has gone, or the server is shutting down.
    } finally {
      stream.close();
      if (this.#workers.get(stream.workerId) === stream) this.#workers.delete(stream.workerId);
    }
  }
}

/** One worker's stream: the questions that were asked on it, and those still to be sent. */
class StatusStream {
  readonly #asked = new Map<
    string,
    { resolve(response: WorkerStatusResponse): void; reject(error: GirderError): void }
  >();
  readonly #unsent: string[] = [];
  #wake = (): void => undefined;
  #closed = false;

  constructor(readonly workerId: string) {}

  ask(id: string): Promise<WorkerStatusResponse> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(this.#lost());
      this.#asked.set(id, { resolve, reject });
      this.#unsent.push(id);
      this.#wake();
    });
  }

  /** What is answered to a question that was forgotten, or never asked, is nobody's business. */
  answered(response: WorkerStatusResponse): void {
    this.#asked.get(response.id)?.resolve(response);
    this.#asked.delete(response.id);
  }

  forget(id: string): void {
    this.#asked.delete(id);
  }

  close(): void {
    this.#closed = true;
    for (const { reject } of this.#asked.values()) reject(this.#lost());
    this.#asked.clear();
    this.#wake();
  }

  async *requests(): AsyncGenerator<{ id: string }> {
    while (!this.#closed) {
      for (const id of this.#unsent.splice(0)) yield { id };
      if (this.#unsent.length > 0 || this.#closed) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #lost(): GirderError {
    return new GirderError("worker-lost", "A worker has gone before it said what it is doing.", {
      where: this.workerId,
    });
  }
}

/** The outcome of a promise, or the error when it takes longer than `timeout` ms. */
async function within<T>(promise: Promise<T>, timeout: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeout);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

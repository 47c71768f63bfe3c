/** The SDK worker of one environment of a job: started when it is first needed, and again when it was lost. */
import { GirderError } from "../../../portability/errors.js";
import type {
  PreparedStage,
  StageDescriptor,
  StageWorker,
  WindowFunction,
  WindowMerge,
} from "../../../portability/execution/stage.js";
import type { InternedWindow } from "../../../portability/execution/window.js";
import type { WindowTable } from "../../../portability/execution/window-table.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import type { FnApiServer } from "./fn-api-server.js";
import { RemoteStage } from "./remote-stage.js";
import { RemoteWindowMapping, RemoteWindowMerging } from "./remote-windowing.js";
import { WorkerConnection } from "./worker-connection.js";

/** A worker that somebody has started. */
export interface StartedWorker {
  /** Settles with the reason when it has ended by itself. */
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

/** Starts a worker, which then connects under this id. */
export type StartWorker = (id: string) => Promise<StartedWorker>;

/** How long (ms) a worker may take from its start to its connection, by default. Containers take longest. */
export const CONNECT_TIMEOUT = 120_000;

export class RemoteWorker implements StageWorker {
  #current: Promise<WorkerConnection> | undefined;
  #started: StartedWorker | undefined;
  readonly #mappings = new Map<WindowFunction, RemoteWindowMapping>();
  readonly #mergings = new Map<WindowFunction, RemoteWindowMerging>();
  #starts = 0;
  #closed = false;
  /** What short ids of monitoring infos stand for. A worker keeps them for its life. */
  readonly #shortIds = new WeakMap<WorkerConnection, Map<string, MonitoringInfo>>();

  /**
   * @param id No other worker of the process has an id that begins so.
   * @param endpoint `host:port` of the Fn API.
   */
  constructor(
    readonly id: string,
    readonly server: FnApiServer,
    readonly endpoint: string,
    readonly start: StartWorker,
    readonly connectTimeout = CONNECT_TIMEOUT,
  ) {}

  async prepare(stage: StageDescriptor, windows: WindowTable): Promise<PreparedStage> {
    return new RemoteStage(stage, this, windows);
  }

  async mapWindows(
    fn: WindowFunction,
    table: WindowTable,
    windows: readonly InternedWindow[],
  ): Promise<readonly InternedWindow[]> {
    let mapping = this.#mappings.get(fn);
    if (mapping === undefined) {
      mapping = new RemoteWindowMapping(fn, table, this);
      this.#mappings.set(fn, mapping);
    }
    return mapping.map(windows);
  }

  async mergeWindows(
    fn: WindowFunction,
    table: WindowTable,
    keys: readonly (readonly InternedWindow[])[],
  ): Promise<readonly (readonly WindowMerge[])[]> {
    let merging = this.#mergings.get(fn);
    if (merging === undefined) {
      merging = new RemoteWindowMerging(fn, table, this);
      this.#mergings.set(fn, merging);
    }
    return merging.merge(keys);
  }

  /** The worker, connected. @throws GirderError `worker-lost` where it cannot be started. */
  connection(): Promise<WorkerConnection> {
    this.#current ??= this.#connect();
    return this.#current;
  }

  async #connect(): Promise<WorkerConnection> {
    if (this.#closed) throw new GirderError("cancelled", "The job has ended.");
    const id = `${this.id}-${++this.#starts}`;
    const connection = this.server.expect(id);
    // The next bundle finds no worker and starts another.
    void connection.lost.then(() => {
      this.#current = undefined;
    });
    try {
      const started = await this.start(id);
      this.#started = started;
      void started.exited.then((reason) => connection.end(lost(`Worker ${id} ended: ${reason}`)));
      await Promise.race([connection.connected, connection.lost.then(raise), this.#tooLate(connection, id)]);
      return connection;
    } catch (thrown) {
      connection.end(thrown instanceof GirderError ? thrown : lost(String(thrown)));
      await this.#started?.stop();
      throw thrown;
    }
  }

  #tooLate(connection: WorkerConnection, id: string): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setTimeout(() => {
        reject(
          new GirderError("worker-lost", `Worker ${id} did not connect within ${this.connectTimeout} ms.`, {
            remedy: "See its log for why; it must be able to reach the runner's address.",
          }),
        );
      }, this.connectTimeout);
      void Promise.race([connection.connected, connection.lost]).then(() => clearTimeout(timer));
    });
  }

  /** What the payloads of a response that names its metrics by short ids mean. */
  async monitoringInfos(
    connection: WorkerConnection,
    payloads: Readonly<Record<string, Uint8Array>>,
  ): Promise<MonitoringInfo[]> {
    const known = this.#shortIds.get(connection) ?? new Map<string, MonitoringInfo>();
    this.#shortIds.set(connection, known);
    const unknown = Object.keys(payloads).filter((id) => !known.has(id));
    if (unknown.length > 0) {
      const { response } = await connection.request(WorkerConnection.newInstructionId(), {
        case: "monitoringInfos",
        value: { monitoringInfoId: unknown },
      });
      if (response.case === "monitoringInfos") {
        for (const [id, info] of Object.entries(response.value.monitoringInfo)) known.set(id, info);
      }
    }
    return Object.entries(payloads).flatMap(([id, payload]) => {
      const info = known.get(id);
      return info === undefined ? [] : [{ ...info, payload }];
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#current?.catch(() => undefined);
    connection?.end(new GirderError("cancelled", "The job has ended."));
    await this.#started?.stop();
  }
}

function lost(what: string): GirderError {
  return new GirderError("worker-lost", what.endsWith(".") ? what : `${what}.`);
}

function raise(error: GirderError): never {
  throw error;
}

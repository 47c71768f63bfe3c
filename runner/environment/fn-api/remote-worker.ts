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
import { BundleWatch, type BundleWatchOptions } from "./bundle-watch.js";
import type { FnApiServer } from "./fn-api-server.js";
import { RemoteStage } from "./remote-stage.js";
import { RemoteWindowMapping, RemoteWindowMerging } from "./remote-windowing.js";
import { BASIC_SDK, type SdkCapabilities } from "./sdk-capabilities.js";
import { WorkerConnection } from "./worker-connection.js";

/** A worker that somebody has started. */
export interface StartedWorker {
  /** Settles with the reason when it has ended by itself. */
  readonly exited: Promise<string>;
  /** What its SDK takes part in. Default: nothing beyond what every SDK does. */
  readonly sdk?: SdkCapabilities;
  stop(): Promise<void>;
}

/**
 * Starts a worker, which then connects under this id.
 *
 * @param signal Aborts when nobody waits for the worker any more: it is not to be started, or to be stopped.
 */
export type StartWorker = (id: string, signal: AbortSignal) => Promise<StartedWorker>;

export interface RemoteWorkerOptions {
  /** How long (ms) a worker may take from its start to its connection. Default: {@link CONNECT_TIMEOUT}. */
  readonly connectTimeout?: number;
  /** How its bundles are watched. */
  readonly watch?: BundleWatchOptions;
}

/** How long (ms) a worker may take from its start to its connection, by default. Containers take longest. */
export const CONNECT_TIMEOUT = 120_000;

export class RemoteWorker implements StageWorker {
  #current: Promise<WorkerConnection> | undefined;
  /** The connection of the worker that was started last. */
  #latest: WorkerConnection | undefined;
  /** Workers that are being ended, because they were lost or the job is over. */
  readonly #ending = new Set<Promise<void>>();
  readonly #mappings = new Map<WindowFunction, RemoteWindowMapping>();
  readonly #mergings = new Map<WindowFunction, RemoteWindowMerging>();
  #starts = 0;
  #closed = false;
  readonly #connectTimeout: number;
  /** What is known of the bundles that are out. */
  readonly watch: BundleWatch;
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
    { connectTimeout = CONNECT_TIMEOUT, watch = {} }: RemoteWorkerOptions = {},
  ) {
    this.#connectTimeout = connectTimeout;
    this.watch = new BundleWatch((connection, payloads) => this.monitoringInfos(connection, payloads), watch);
  }

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

  /**
   * The worker, connected.
   *
   * @throws GirderError `worker-lost` where it ends before it has connected, `io` where it does not connect in time, and
   *   what starting it has thrown.
   */
  connection(): Promise<WorkerConnection> {
    this.#current ??= this.#connect();
    return this.#current;
  }

  async #connect(): Promise<WorkerConnection> {
    if (this.#closed) throw ended();
    const id = `${this.id}-${++this.#starts}`;
    const connection = this.server.expect(id);
    this.#latest = connection;
    const givenUp = new AbortController();
    // The next bundle finds no worker and starts another.
    void connection.lost.then(() => {
      this.#current = undefined;
      givenUp.abort();
    });
    try {
      const starting = this.start(id, givenUp.signal);
      this.#stopWhenLost(connection, starting);
      const lostFirst = connection.lost.then(raise);
      const { exited, sdk = BASIC_SDK } = await Promise.race([starting, lostFirst]);
      connection.sdk = sdk;
      void exited.then((reason) => connection.end(lost(`Worker ${id} ended: ${reason}`)));
      await Promise.race([connection.connected, lostFirst, this.#tooLate(connection, id)]);
      return connection;
    } catch (thrown) {
      connection.end(thrown instanceof GirderError ? thrown : lost(String(thrown)));
      throw thrown;
    }
  }

  /** A worker that cannot be reached may still be there: its stream has broken, or it has never connected. */
  #stopWhenLost(connection: WorkerConnection, starting: Promise<StartedWorker>): void {
    void connection.lost.then(() => {
      const stopping = starting.then(({ stop }) => stop()).catch(() => undefined);
      this.#ending.add(stopping);
      void stopping.then(() => this.#ending.delete(stopping));
    });
  }

  #tooLate(connection: WorkerConnection, id: string): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setTimeout(() => {
        reject(
          new GirderError("io", `Worker ${id} did not connect within ${this.#connectTimeout} ms.`, {
            remedy: "See its log for why; it must be able to reach the runner's address.",
          }),
        );
      }, this.#connectTimeout);
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

  /** Ends the worker, and waits until all that were started are gone. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const fn of [...this.#mappings.values(), ...this.#mergings.values()]) await fn.close();
    if (this.#latest !== undefined && !this.#latest.isLost) await this.watch.lastHarnessMetrics(this.#latest);
    this.#latest?.end(ended());
    // What the end of the connection brings about comes first.
    await this.#latest?.lost;
    await Promise.all(this.#ending);
  }
}

function ended(): GirderError {
  return new GirderError("cancelled", "The job has ended.");
}

function lost(what: string): GirderError {
  return new GirderError("worker-lost", what.endsWith(".") ? what : `${what}.`);
}

function raise(error: GirderError): never {
  throw error;
}

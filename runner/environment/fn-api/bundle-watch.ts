/**
 * Watches the bundles that are out at the workers of an environment: asks now and then how far they have come, and sees when one does not
 * come any further.
 *
 * A bundle moves while elements, timers or state requests come from it, or what it has counted grows. One that has not moved for
 * long may just have a slow function: its worker is asked what it is doing, and what it says is told. A worker that says nothing at all,
 * neither that nor how far its bundles are, is stuck: it is given up, and its bundles are run again.
 */
import { GirderError, messageOf } from "../../../portability/errors.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import type { AttemptedMetrics } from "./attempted-metrics.js";
import type { RemoteBundle } from "./remote-bundle.js";
import { WorkerConnection } from "./worker-connection.js";

export interface BundleWatchOptions {
  /** How often (ms) bundles are asked how far they have come. Default: {@link PROGRESS_INTERVAL}. */
  readonly interval?: number;
  /** How long (ms) a bundle may go without moving before its worker is asked what it is doing; 0 is for ever. Default: {@link STUCK_AFTER}. */
  readonly stuckAfter?: number;
  /** How long (ms) a worker may take to say so. Default: {@link ANSWER_TIME}, but no more than `stuckAfter`. */
  readonly answerTime?: number;
  /** Asks a worker what it is doing (`WorkerStatus.report`). Default: it cannot be asked. */
  readonly report?: (workerId: string, timeout: number) => Promise<string>;
  /** Is told of bundles that do not move. Default: nobody is. */
  readonly warn?: (text: string) => void;
  /** Is told what bundles have recorded. Default: nobody is. */
  readonly attempted?: AttemptedMetrics;
}

/** Costs nothing that can be measured, and is what people who look at a job may expect. */
export const PROGRESS_INTERVAL = 1_000;
/** The SDKs themselves begin to complain of an element after five or ten minutes. */
export const STUCK_AFTER = 10 * 60_000;
/** Python's worker does not answer while a function keeps the interpreter to itself, which a long call of native code does. */
export const ANSWER_TIME = 60_000;
/** How often (ms) workers are asked for metrics that belong to no bundle. */
const HARNESS_INTERVAL = 10_000;
/** How long (ms) a worker that is about to end may take to answer that. */
const LAST_HARNESS_TIME = 500;

/** Reads monitoring infos that may be named by short ids alone. */
export type ReadMetrics = (
  connection: WorkerConnection,
  payloads: Readonly<Record<string, Uint8Array>>,
) => Promise<MonitoringInfo[]>;

/** A bundle that is out. */
interface Watched {
  readonly connection: WorkerConnection;
  readonly bundle: RemoteBundle;
  /** When it moved last, and what there was to be seen of it then. */
  moved: number;
  signs: number;
  counts: string;
  /** When it last said how far it is. */
  answered: number;
  isAsked: boolean;
  /** How long it may go without moving. */
  patience: number;
  isExamined: boolean;
}

export class BundleWatch {
  readonly #watched = new Set<Watched>();
  readonly #options: BundleWatchOptions;
  readonly #read: ReadMetrics;
  #timer: NodeJS.Timeout | undefined;
  #lastHarness = performance.now();

  constructor(read: ReadMetrics, options: BundleWatchOptions = {}) {
    this.#read = read;
    this.#options = options;
  }

  /** @returns what ends the watch, with what the bundle has recorded in all if it has come to its end. Only its first call counts. */
  begin(connection: WorkerConnection, bundle: RemoteBundle): (metrics?: MetricsContainer) => void {
    const { interval = PROGRESS_INTERVAL, stuckAfter = STUCK_AFTER } = this.#options;
    const now = performance.now();
    const watched: Watched = {
      connection,
      bundle,
      moved: now,
      signs: bundle.signs,
      counts: "",
      answered: now,
      isAsked: false,
      patience: stuckAfter,
      isExamined: false,
    };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#tick(), interval).unref();
    return (metrics) => {
      if (!this.#watched.delete(watched)) return;
      this.#options.attempted?.ended(bundle.instruction, metrics);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #tick(): void {
    const now = performance.now();
    for (const watched of this.#watched) {
      const { connection, bundle } = watched;
      if (bundle.signs !== watched.signs) {
        watched.signs = bundle.signs;
        watched.moved = now;
      }
      if (connection.sdk.reportsProgress && !watched.isAsked) void this.#ask(watched);
      const isStill = watched.patience > 0 && now - watched.moved >= watched.patience;
      if (isStill && !watched.isExamined) void this.#examine(watched);
    }
    if (now - this.#lastHarness < HARNESS_INTERVAL) return;
    this.#lastHarness = now;
    const connections = new Set(Array.from(this.#watched, ({ connection }) => connection));
    for (const connection of connections) void this.harnessMetrics(connection);
  }

  /** Asks a worker for the metrics that belong to no bundle, if it has any. Does not reject. */
  async harnessMetrics(connection: WorkerConnection): Promise<void> {
    const { attempted } = this.#options;
    if (attempted === undefined || !connection.sdk.hasHarnessMetrics) return;
    try {
      const asked = connection.request(WorkerConnection.newInstructionId(), {
        case: "harnessMonitoringInfos",
        value: {},
      });
      const { response } = await asked;
      if (response.case !== "harnessMonitoringInfos") return;
      attempted.harness(connection.id, await this.#read(connection, response.value.monitoringData));
    } catch {
      // They are no bundle's concern; whether the worker is lost, others see.
    }
  }

  /** The last of {@link harnessMetrics}, before a worker is ended: it is not waited for long. */
  async lastHarnessMetrics(connection: WorkerConnection): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_HARNESS_TIME);
    });
    await Promise.race([this.harnessMetrics(connection), late]);
    clearTimeout(timer);
  }

  /** What a running bundle has counted, if its worker says so. Rejects if the bundle has ended meanwhile. */
  async progress(connection: WorkerConnection, bundle: RemoteBundle): Promise<readonly MonitoringInfo[] | undefined> {
    if (!connection.sdk.reportsProgress) return undefined;
    const { response } = await connection.request(WorkerConnection.newInstructionId(), {
      case: "processBundleProgress",
      value: { instructionId: bundle.instruction },
    });
    if (response.case !== "processBundleProgress") return undefined;
    const { monitoringInfos, monitoringData } = response.value;
    return monitoringInfos.length > 0 ? monitoringInfos : this.#read(connection, monitoringData);
  }

  async #ask(watched: Watched): Promise<void> {
    const { connection, bundle } = watched;
    watched.isAsked = true;
    try {
      const infos = await this.progress(connection, bundle);
      watched.answered = performance.now();
      if (infos === undefined || !this.#watched.has(watched)) return;
      const counts = countsOf(infos);
      if (counts !== watched.counts) watched.moved = performance.now();
      watched.counts = counts;
      this.#options.attempted?.progress(bundle.instruction, MetricsContainer.fromMonitoringInfos(infos));
    } catch {
      // A bundle that has just ended is unknown to its worker, and that is an answer, too.
      if (!connection.isLost) watched.answered = performance.now();
    } finally {
      watched.isAsked = false;
    }
  }

  async #examine(watched: Watched): Promise<void> {
    const { connection, bundle } = watched;
    const { warn = () => undefined, stuckAfter = STUCK_AFTER } = this.#options;
    const { answerTime = Math.min(ANSWER_TIME, stuckAfter) } = this.#options;
    watched.isExamined = true;
    const begun = performance.now();
    const { report, reason } = await this.#report(connection, answerTime);
    if (!this.#watched.has(watched)) return;
    const { reportsProgress, reportsStatus } = connection.sdk;
    const seconds = Math.round((performance.now() - watched.moved) / 1000);
    const what = `A bundle of ${nameOf(bundle)} has not moved for ${seconds} s.`;
    if (report !== undefined) warn(`${what} Worker ${connection.id} is at this:\n${report}`);
    else if (watched.answered > begun || !(reportsProgress || reportsStatus)) {
      warn(`${what} Worker ${connection.id} is there, and cannot say what it is doing: ${reason}`);
    } else {
      warn(`${what} Worker ${connection.id} does not answer, and is given up: ${reason}`);
      connection.end(
        new GirderError("worker-lost", `Worker ${connection.id} is stuck: a bundle has not moved for ${seconds} s.`, {
          remedy: "See what its functions wait for; --stuck-after sets how long they may.",
        }),
      );
    }
    // It has been told; the next time only when it has gone on for twice as long.
    watched.patience += Math.max(watched.patience, stuckAfter);
    watched.isExamined = false;
  }

  async #report(
    { id, sdk }: WorkerConnection,
    answerTime: number,
  ): Promise<{ readonly report?: string; readonly reason?: string }> {
    const { report } = this.#options;
    if (report !== undefined && sdk.reportsStatus) {
      try {
        return { report: await report(id, answerTime) };
      } catch (thrown) {
        return { reason: messageOf(thrown) };
      }
    }
    // Whether it says how far its bundles are is the only question that it can be asked.
    await new Promise((resolve) => {
      setTimeout(resolve, answerTime).unref();
    });
    return { reason: "it has no status to report." };
  }
}

/** What a bundle has counted, but for time, which passes for one that is stuck as well. */
function countsOf(infos: readonly MonitoringInfo[]): string {
  const counted = infos.filter(({ urn }) => !/_msecs|execution_time/.test(urn));
  return counted.map(({ payload }) => Buffer.from(payload).toString("latin1")).join("\n");
}

/** The steps of a bundle, by the names that their author knows. */
function nameOf({ stage: { transforms, components } }: RemoteBundle): string {
  const [first = "", ...others] = transforms.map((id) => components.transforms[id]?.uniqueName ?? id);
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

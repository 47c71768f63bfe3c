/** A job on Dataflow, from its submission to its end. */
import { setTimeout as wait } from "node:timers/promises";
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import type { MetricsContainer } from "../../../portability/metrics/index.js";
import { jobFailure } from "../portable/job-failure.js";
import type { RunnerMessage, RunWatch } from "../run-progress.js";
import { dataflowMetrics, type MetricUpdate } from "./dataflow-metrics.js";
import type { DataflowSettings } from "./dataflow-settings.js";
import { type AccessToken, callGoogle } from "./google-http.js";

/** How often (ms) it is asked how a job is. */
export const POLL_INTERVAL = 5_000;
/** How often it is asked for the reason of a failure, which comes later than the failure. */
const POST_MORTEM = 10;

/** `Job`, as far as it is read. */
interface Job {
  readonly id?: string;
  readonly name?: string;
  readonly currentState?: string;
  readonly clientRequestId?: string;
}

interface JobMessage {
  readonly id?: string;
  readonly time?: string;
  readonly messageText?: string;
  readonly messageImportance?: string;
}

/** How a job ended that did not fail. */
export interface DataflowEnd {
  readonly state: "DONE" | "DRAINED" | "UPDATED";
  readonly metrics: MetricsContainer;
}

const PREFIX = /^JOB_STATE_/;
const TERMINAL: ReadonlySet<string> = new Set(["DONE", "FAILED", "CANCELLED", "UPDATED", "DRAINED"]);
const IMPORTANCES: Readonly<Record<string, RunnerMessage["importance"]>> = {
  JOB_MESSAGE_DEBUG: "debug",
  JOB_MESSAGE_DETAILED: "detailed",
  JOB_MESSAGE_BASIC: "basic",
  JOB_MESSAGE_WARNING: "warning",
  JOB_MESSAGE_ERROR: "error",
};

export class DataflowJob {
  /** Messages that were seen, and the time of the last. */
  readonly #seen = new Set<string>();
  #lastTime: string | undefined;
  readonly #errors: string[] = [];
  readonly #over = new AbortController();

  private constructor(
    readonly id: string,
    readonly settings: DataflowSettings,
    readonly token: AccessToken,
    readonly watch: RunWatch,
    readonly poll: number,
  ) {}

  /**
   * Creates a job.
   *
   * @throws GirderError `invalid-argument` where there is one of this name already; otherwise see {@link callGoogle}.
   */
  static async create(
    request: JsonObject,
    settings: DataflowSettings,
    token: AccessToken,
    {
      watch = {},
      poll = POLL_INTERVAL,
      signal,
    }: { watch?: RunWatch; poll?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<DataflowJob> {
    const body = JSON.stringify(request);
    const created = (await callGoogle({ method: "POST", url: jobsUrl(settings), body }, token, signal)) as Job;
    const { id, clientRequestId } = created;
    if (id === undefined) throw new GirderError("malformed-data", "Dataflow does not say which job it has created.");
    if (clientRequestId !== undefined && clientRequestId !== settings.requestId) {
      throw new GirderError("invalid-argument", `There is a job called ${settings.jobName} already: ${id}.`, {
        where: "--job-name",
        remedy: "Give this one another name, wait for the other's end, or cancel it.",
      });
    }
    const job = new DataflowJob(id, settings, token, watch, poll);
    const { project, region } = settings;
    watch.onMessage?.({
      importance: "basic",
      text: `Dataflow has begun job ${id}: https://console.cloud.google.com/dataflow/jobs/${region}/${id}?project=${project}`,
    });
    return job;
  }

  /** The job of this name that runs. @throws GirderError `not-found` where there is none. */
  static async running(settings: DataflowSettings, token: AccessToken): Promise<string> {
    let page: string | undefined;
    do {
      const query = new URLSearchParams({ filter: "ACTIVE", ...(page === undefined ? {} : { pageToken: page }) });
      const { jobs = [], nextPageToken } = (await callGoogle(
        { method: "GET", url: `${jobsUrl(settings)}?${query}` },
        token,
      )) as { readonly jobs?: readonly Job[]; readonly nextPageToken?: string };
      const found = jobs.find(
        ({ name, currentState }) => name === settings.jobName && currentState === "JOB_STATE_RUNNING",
      );
      if (found?.id !== undefined) return found.id;
      page = nextPageToken;
    } while (page !== undefined && page !== "");
    throw new GirderError("not-found", `No job called ${settings.jobName} runs that could be updated.`, {
      where: "--update",
      remedy: "Leave --update out to start it, or give the name of the one that runs.",
    });
  }

  /**
   * Waits for the job's end.
   *
   * @throws GirderError with the job's reason if it fails; `cancelled` if it was; otherwise see {@link callGoogle}.
   */
  async ended(): Promise<DataflowEnd> {
    let last = "";
    for (let after = POST_MORTEM; ; ) {
      const { currentState = "JOB_STATE_UNKNOWN" } = (await this.#call("GET")) as Job;
      const state = currentState.replace(PREFIX, "");
      if (state !== last) this.watch.onProgress?.({ state });
      last = state;
      await this.#readMessages();
      const explained = state !== "FAILED" || this.#errors.length > 0 || after-- <= 0;
      if (TERMINAL.has(state) && explained) return this.#end(state);
      await wait(this.poll, undefined, { signal: this.#over.signal });
    }
  }

  /** Asks no more how the job is. */
  close(): void {
    this.#over.abort();
  }

  async cancel(): Promise<void> {
    await this.#request("JOB_STATE_CANCELLED");
  }

  /** Has the job finish what it has begun, and take no more: of streaming jobs only. */
  async drain(): Promise<void> {
    await this.#request("JOB_STATE_DRAINING");
  }

  async #request(requestedState: string): Promise<void> {
    await this.#call("PUT", "", JSON.stringify({ requestedState }));
  }

  async #end(state: string): Promise<DataflowEnd> {
    switch (state) {
      case "DONE":
      case "DRAINED":
      case "UPDATED": {
        const { metrics = [] } = (await this.#call("GET", "/metrics")) as {
          readonly metrics?: readonly MetricUpdate[];
        };
        return { state, metrics: dataflowMetrics(metrics) };
      }
      case "CANCELLED":
        throw new GirderError("cancelled", "The job was cancelled.");
      default:
        throw jobFailure(this.#reason(), []);
    }
  }

  /** Of all errors, the one that comes of a function rather than of the service. */
  #reason(): string {
    const own = this.#errors.filter((text) => !/work item was attempted/i.test(text));
    return own.findLast((text) => /\[[a-z-]+\] |\n\s+at /.test(text)) ?? own.at(-1) ?? this.#errors.at(-1) ?? "";
  }

  async #readMessages(): Promise<void> {
    let page: string | undefined;
    do {
      const query = new URLSearchParams({
        ...(this.#lastTime === undefined ? {} : { startTime: this.#lastTime }),
        ...(page === undefined ? {} : { pageToken: page }),
      });
      const { jobMessages = [], nextPageToken } = (await this.#call("GET", `/messages?${query}`)) as {
        readonly jobMessages?: readonly JobMessage[];
        readonly nextPageToken?: string;
      };
      for (const message of jobMessages) this.#tell(message);
      page = nextPageToken;
    } while (page !== undefined && page !== "");
  }

  #tell({ id, time = "", messageText: text = "", messageImportance = "" }: JobMessage): void {
    const key = id ?? `${time} ${text}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (time > (this.#lastTime ?? "")) this.#lastTime = time;
    const importance = IMPORTANCES[messageImportance] ?? "basic";
    if (importance === "error") this.#errors.push(text);
    this.watch.onMessage?.({ importance, text });
  }

  #call(method: "GET" | "PUT", path = "", body?: string): Promise<unknown> {
    const url = `${jobsUrl(this.settings)}/${encodeURIComponent(this.id)}${path}`;
    return callGoogle({ method, url, ...(body === undefined ? {} : { body }) }, this.token);
  }
}

function jobsUrl({ endpoint, project, region }: DataflowSettings): string {
  return `${endpoint}/v1b3/projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(region)}/jobs`;
}

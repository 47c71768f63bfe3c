/** A job: what was submitted, how it goes, and what there is to be told of it. */
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import type { Pipeline } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { JobArtifacts } from "./artifacts/job-artifacts.js";
import type { ExecuteJob, ExecutionMessage, Importance, JobExecution, JobMetrics } from "./execution.js";
import { failureText, shortened } from "./failure-text.js";
import { History } from "./history.js";
import { isTerminal, JobState, type LiveState, NEXT_STATES } from "./job-state.js";

/** Characters of messages that are kept of a job, roughly; the oldest go first. */
const KEPT_MESSAGES = 1 << 20;
/** The experiment that has a job begin DRAINING. */
const START_DRAINING = "girder_start_draining";
/** What a message counts beside its text. */
const MESSAGE_OVERHEAD = 64;

export interface StateChange {
  readonly kind: "state";
  readonly state: LiveState;
  readonly time: Date;
}

/** A message of a job; an error is its final failure, and there is one at most. */
export interface JobMessage {
  readonly kind: "message";
  /** Its number within the job. */
  readonly id: string;
  readonly importance: Importance | "error";
  readonly text: string;
  readonly time: Date;
}

/** What a job is made of. */
export interface JobDescription {
  /** Not that of any other job of the server. */
  readonly id: string;
  /** What the client calls it. */
  readonly name: string;
  readonly pipeline: Pipeline;
  readonly options: JsonObject;
  readonly artifacts: JobArtifacts;
  readonly retrievalToken: string;
}

export class Job {
  readonly id: string;
  readonly name: string;
  readonly pipeline: Pipeline;
  readonly options: JsonObject;
  readonly artifacts: JobArtifacts;
  readonly retrievalToken: string;
  /** Resolves when the job has come to a terminal state. Never rejects. */
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  readonly #drain = new AbortController();
  readonly #states = new History<StateChange>();
  readonly #events = new History<StateChange | JobMessage>(KEPT_MESSAGES);
  #current: StateChange;
  #messages = 0;
  #execution: JobExecution | undefined;
  #failure: string | undefined;
  #metrics: JobMetrics = { attempted: [], committed: [] };
  #end!: () => void;

  /** @param submitted When it was submitted. */
  constructor(description: JobDescription, submitted = new Date()) {
    const { id, name, pipeline, options, artifacts, retrievalToken } = description;
    this.id = id;
    this.name = name;
    this.pipeline = pipeline;
    this.options = options;
    this.artifacts = artifacts;
    this.retrievalToken = retrievalToken;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#current = { kind: "state", state: JobState.STOPPED, time: submitted };
    this.#states.append(this.#current);
    this.#events.append(this.#current);
  }

  /** The state it is in, and since when. */
  get state(): StateChange {
    return this.#current;
  }

  /** Why it failed; undefined unless it did. */
  get failure(): string | undefined {
    return this.#failure;
  }

  get isOver(): boolean {
    return isTerminal(this.#current.state);
  }

  /** How many readers of its streams wait for something to happen. */
  get watchers(): number {
    return this.#states.waiting + this.#events.waiting;
  }

  /** Begins. Whatever goes wrong from here on is the job's failure, not the caller's. */
  start(execute: ExecuteJob): void {
    this.#enter(JobState.STARTING);
    const { id: jobId, name: jobName, pipeline, options, artifacts, retrievalToken } = this;
    const { signal } = this.#abort;
    const drain = this.#drain.signal;
    const log = (message: ExecutionMessage): void => this.#message(message.importance, message.text, message.time);
    try {
      this.#execution = execute({ jobId, jobName, pipeline, options, artifacts, retrievalToken, signal, drain, log });
    } catch (thrown) {
      this.#fail(thrown);
      return;
    }
    this.#enter(JobState.RUNNING);
    if (beginsDraining(options)) this.drain();
    this.#execution.done.then(
      () => this.#finish(this.#current.state === JobState.DRAINING ? JobState.DRAINED : JobState.DONE),
      (thrown) => this.#fail(thrown),
    );
  }

  /** Asks for the job's end, if it has not ended. Returns its state then. */
  cancel(): StateChange {
    if (this.#current.state === JobState.RUNNING || this.#current.state === JobState.DRAINING) {
      this.#message("basic", "The job is being cancelled.");
      this.#enter(JobState.CANCELLING);
      this.#abort.abort(new GirderError("cancelled", "The job was cancelled.", { where: this.id }));
    }
    return this.#current;
  }

  /** Asks for the job's end once what is there has been processed. Returns its state then. */
  drain(): StateChange {
    if (this.#current.state === JobState.RUNNING) {
      this.#message("basic", "The job is being drained.");
      this.#enter(JobState.DRAINING);
      this.#drain.abort();
    }
    return this.#current;
  }

  /** Ends a job that does not end by itself although it was cancelled. */
  abandon(): void {
    this.cancel();
    this.#finish(JobState.CANCELLED);
  }

  /** All states it has been in, then those it comes to, until the last. */
  states(signal: AbortSignal): AsyncGenerator<StateChange, void, undefined> {
    return this.#states.read(signal);
  }

  /** States and messages in order, from the beginning to the end of the job. */
  async *events(signal: AbortSignal): AsyncGenerator<StateChange | JobMessage, void, undefined> {
    const { dropped } = this.#events;
    if (dropped > 0) {
      const text = `The oldest ${dropped} messages of the job are not kept any more.`;
      yield { kind: "message", id: "0", importance: "warning", text, time: new Date() };
    }
    yield* this.#events.read(signal);
  }

  metrics(): JobMetrics {
    if (this.#execution !== undefined) this.#metrics = this.#execution.metrics();
    return this.#metrics;
  }

  #message(importance: JobMessage["importance"], text: string, time = new Date()): void {
    if (this.isOver) return;
    const id = String(++this.#messages);
    const kept = shortened(text);
    this.#events.append({ kind: "message", id, importance, text: kept, time }, kept.length + MESSAGE_OVERHEAD);
  }

  #fail(thrown: unknown): void {
    const cancelled = thrown instanceof GirderError && thrown.code === "cancelled";
    const { state } = this.#current;
    if (state === JobState.CANCELLING || (cancelled && (state === JobState.RUNNING || state === JobState.DRAINING))) {
      if (!cancelled) this.#message("warning", `While the job was being cancelled: ${failureText(thrown)}`);
      this.#finish(JobState.CANCELLED);
      return;
    }
    // Go's client takes the job for ended with its state, and the error for the cause if it came before.
    this.#failure = failureText(thrown);
    this.#message("error", this.#failure);
    this.#finish(JobState.FAILED);
  }

  #finish(state: LiveState): void {
    if (this.isOver) return;
    try {
      this.metrics();
    } catch (thrown) {
      this.#message("warning", `The metrics cannot be read: ${failureText(thrown)}`);
    }
    this.#execution = undefined;
    this.#enter(state);
    this.#states.end();
    this.#events.end();
    this.#end();
  }

  #enter(state: LiveState): void {
    const before = this.#current.state;
    if (!NEXT_STATES[before].includes(state)) {
      throw new GirderError("internal", `A job in state ${JobState[before]} cannot enter ${JobState[state]}.`, {
        where: this.id,
      });
    }
    this.#current = { kind: "state", state, time: new Date() };
    this.#states.append(this.#current);
    this.#events.append(this.#current);
  }
}

/** Whether the options ask for a job that is drained from its beginning on: what a source does then can be tested. */
function beginsDraining(options: JsonObject): boolean {
  const experiments = options["beam:option:experiments:v1"];
  return Array.isArray(experiments) && experiments.includes(START_DRAINING);
}

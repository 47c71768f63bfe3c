/** The jobs of a server: those that run, and those that have ended and are still told of. */
import { GirderError } from "../../portability/errors.js";
import type { ArtifactInformation } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { ArtifactSource } from "./artifacts/job-artifacts.js";
import type { Job } from "./job.js";

/** How long jobs that have ended are told of, and their files kept. Whichever limit is met first counts. */
export interface KeepRule {
  /** Ms since their end. */
  readonly age: number;
  /** How many; those that ended first go first. */
  readonly count: number;
  /** Ms for which a job is kept in any case. Default: {@link GRACE}. */
  readonly grace?: number;
}

/** Clients that ask every few seconds whether their job has ended, and then for its metrics, must find it. */
const GRACE = 30_000;

/** A day is long enough to come back to what ran over night; a hundred jobs with their messages take about 100 MB at most. */
export const KEEP_FINISHED_JOBS: KeepRule = { age: 24 * 60 * 60 * 1000, count: 100 };

export class Jobs implements ArtifactSource {
  readonly #rule: KeepRule;
  readonly #all = new Map<string, Job>();
  /** Those that have ended, in the order in which they did. */
  readonly #finished = new Map<Job, NodeJS.Timeout>();
  readonly #forgetting = new Set<Promise<void>>();

  constructor(rule: KeepRule) {
    this.#rule = rule;
  }

  /** All jobs, in the order in which they were begun. */
  all(): Job[] {
    return [...this.#all.values()];
  }

  add(job: Job): void {
    this.#all.set(job.id, job);
    void job.ended.then(() => this.#finish(job));
  }

  find(id: string): Job | undefined {
    return this.#all.get(id);
  }

  /** @throws GirderError `not-found` */
  get(id: string): Job {
    const job = this.#all.get(id);
    if (job !== undefined) return job;
    throw new GirderError("not-found", `There is no job ${JSON.stringify(id.slice(0, 100))}.`, {
      remedy: "A job is there from when it is run until some time after its end.",
    });
  }

  has(artifact: ArtifactInformation): boolean {
    return this.all().some((job) => !job.isOver && job.artifacts.has(artifact));
  }

  read(artifact: ArtifactInformation, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const job = this.all().find((one) => !one.isOver && one.artifacts.has(artifact));
    if (job !== undefined) return job.artifacts.read(artifact, signal);
    throw new GirderError("not-found", "No job that runs has this artifact.", {
      remedy: "Ask for artifacts as they stand among the dependencies of the job's environments.",
    });
  }

  /**
   * Cancels all jobs, and forgets them when they have ended.
   *
   * @param patience Ms to wait for them; those that have not ended by then are given up.
   */
  async close(patience: number): Promise<void> {
    for (const job of this.all()) job.cancel();
    const timeout = setTimeout(() => {
      for (const job of this.all()) if (!job.isOver) job.abandon();
    }, patience);
    await Promise.all(this.all().map((job) => job.ended));
    clearTimeout(timeout);
    for (const job of this.all()) this.#forget(job);
    await Promise.all(this.#forgetting);
  }

  #finish(job: Job): void {
    // It may have been forgotten already, by close().
    if (!this.#all.has(job.id)) return;
    const { age, count, grace = GRACE } = this.#rule;
    this.#forgetIn(Math.max(age, grace), job);
    let surplus = this.#finished.size - count;
    for (const oldest of [...this.#finished.keys()]) {
      if (surplus-- <= 0) break;
      this.#forgetIn(Math.max(0, oldest.state.time.getTime() + grace - Date.now()), oldest);
    }
  }

  #forgetIn(ms: number, job: Job): void {
    clearTimeout(this.#finished.get(job));
    this.#finished.set(job, setTimeout(() => this.#forget(job), ms).unref());
  }

  #forget(job: Job): void {
    clearTimeout(this.#finished.get(job));
    this.#finished.delete(job);
    this.#all.delete(job.id);
    const forgetting = job.artifacts.release().catch(() => undefined);
    this.#forgetting.add(forgetting);
    void forgetting.finally(() => this.#forgetting.delete(forgetting));
  }
}

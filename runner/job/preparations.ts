/** Jobs that have been submitted and not yet begun: their clients are staging artifacts, or have gone. */
import { randomBytes, randomUUID } from "node:crypto";
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import type { Pipeline } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { ArtifactStore } from "./artifacts/artifact-store.js";
import { JobArtifacts } from "./artifacts/job-artifacts.js";
import type { Repositories } from "./artifacts/remote-artifact.js";
import { ArtifactStaging, type StagingAnswers, type StagingRequest } from "./artifacts/staging.js";
import { Job } from "./job.js";

/** What a client submits. */
export interface Submission {
  readonly name: string;
  readonly pipeline: Pipeline;
  readonly options: JsonObject;
}

export class Preparation {
  /** Its id, and that of the job that it becomes. */
  readonly id: string;
  /** What the client stages artifacts with, and workers retrieve them with. */
  readonly token = randomUUID();
  readonly #submission: Submission;
  readonly #submitted = new Date();
  readonly #artifacts: JobArtifacts;
  readonly #staging: ArtifactStaging;
  #session: AbortController | undefined;

  constructor(submission: Submission, artifacts: JobArtifacts) {
    this.id = idFor(submission.name);
    this.#submission = submission;
    this.#artifacts = artifacts;
    this.#staging = new ArtifactStaging(submission.pipeline.components?.environments ?? {}, artifacts);
  }

  /** Whether its client is staging artifacts now. */
  get isStaging(): boolean {
    return this.#session !== undefined;
  }

  /**
   * What the client is asked. A session takes the place of the one before, whose client may have gone without a word.
   *
   * @throws GirderError see {@link ArtifactStaging.session}; `cancelled` where another session takes its place.
   */
  async *stage(answers: StagingAnswers): AsyncGenerator<StagingRequest, void, undefined> {
    this.#stop("Another client stages the artifacts of this job.");
    const session = new AbortController();
    this.#session = session;
    try {
      yield* this.#staging.session(() => unlessAborted(answers(), session.signal));
    } finally {
      if (this.#session === session) this.#session = undefined;
    }
  }

  /** The job that it becomes. @throws GirderError `invalid-argument` where artifacts are missing. */
  job(): Job {
    const missing = this.#staging.missing();
    if (missing.length > 0) {
      const names = missing.length > 10 ? [...missing.slice(0, 10), `and ${missing.length - 10} more`] : missing;
      throw new GirderError("invalid-argument", `Artifacts have not been staged: ${names.join(", ")}.`, {
        where: this.id,
        remedy: this.isStaging
          ? "Run the job when the server has ended the stream for staging."
          : "Stage them with the token of this preparation first.",
      });
    }
    this.#staging.finish();
    const description = { ...this.#submission, id: this.id, artifacts: this.#artifacts, retrievalToken: this.token };
    return new Job(description, this.#submitted);
  }

  /** Forgets it, and what was staged. */
  async drop(reason: string): Promise<void> {
    this.#stop(reason);
    await this.#artifacts.release();
  }

  #stop(reason: string): void {
    this.#session?.abort(new GirderError("cancelled", reason, { where: this.id }));
  }
}

/** How long preparations are kept whose client does nothing any more, and how many. */
export interface PreparationRule {
  /** Ms since the client was last heard of. */
  readonly age: number;
  /** The oldest go first. */
  readonly count: number;
}

/** Ten minutes without a word, and the client has gone. */
export const KEEP_PREPARATIONS: PreparationRule = { age: 10 * 60 * 1000, count: 1000 };

const SHUT_DOWN = "The server is being shut down.";

export class Preparations {
  readonly #store: ArtifactStore;
  readonly #repositories: Repositories;
  readonly #rule: PreparationRule;
  /** By id, those last heard of at the end. */
  readonly #all = new Map<string, { readonly preparation: Preparation; timer: NodeJS.Timeout }>();
  readonly #dropping = new Set<Promise<void>>();
  #closed = false;

  constructor(store: ArtifactStore, repositories: Repositories, rule: PreparationRule) {
    this.#store = store;
    this.#repositories = repositories;
    this.#rule = rule;
  }

  get size(): number {
    return this.#all.size;
  }

  /** @throws GirderError `invalid-pipeline` see {@link ArtifactStaging}; `cancelled` when it is closed. */
  add(submission: Submission): Preparation {
    if (this.#closed) throw new GirderError("cancelled", SHUT_DOWN);
    const preparation = new Preparation(submission, new JobArtifacts(this.#store.lease(), this.#repositories));
    this.#keep(preparation);
    for (const { preparation: oldest } of this.#all.values()) {
      if (this.#all.size <= this.#rule.count) break;
      this.#drop(oldest, "Too many jobs were prepared and not run.");
    }
    return preparation;
  }

  /** @throws GirderError `not-found` */
  get(id: string): Preparation {
    const found = this.#all.get(id);
    if (found !== undefined) return found.preparation;
    throw new GirderError("not-found", `There is no preparation ${JSON.stringify(id.slice(0, 100))}.`, {
      remedy: "Prepare the job anew: what is not run is not kept for ever.",
    });
  }

  /** @throws GirderError `not-found` */
  withToken(token: string): Preparation {
    for (const { preparation } of this.#all.values()) if (preparation.token === token) return preparation;
    throw new GirderError(
      "not-found",
      `There is no job to stage artifacts for with the token ${JSON.stringify(token.slice(0, 100))}.`,
      {
        remedy: "Use the token that Prepare gave, before the job is run.",
      },
    );
  }

  /** Says that its client is there. */
  touch(preparation: Preparation): void {
    if (this.#forget(preparation)) this.#keep(preparation);
  }

  /** Takes it away, as it becomes a job. */
  take(preparation: Preparation): void {
    this.#forget(preparation);
  }

  /** Forgets all, and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { preparation } of [...this.#all.values()]) this.#drop(preparation, SHUT_DOWN);
    await Promise.all(this.#dropping);
  }

  #keep(preparation: Preparation): void {
    const expire = (): void => {
      // Who is staging is there, however long that takes.
      if (preparation.isStaging) this.touch(preparation);
      else this.#drop(preparation, "The job was not run in time.");
    };
    this.#all.set(preparation.id, { preparation, timer: setTimeout(expire, this.#rule.age).unref() });
  }

  #forget({ id }: Preparation): boolean {
    clearTimeout(this.#all.get(id)?.timer);
    return this.#all.delete(id);
  }

  #drop(preparation: Preparation, reason: string): void {
    this.#forget(preparation);
    const dropping = preparation.drop(reason).catch(() => undefined);
    this.#dropping.add(dropping);
    void dropping.finally(() => this.#dropping.delete(dropping));
  }
}

/** Readable in logs, and unique. */
function idFor(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");
  return `${slug === "" ? "job" : slug}-${randomBytes(6).toString("hex")}`;
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(signal.reason);
    if (signal.aborted) aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** How far a job has come. */
import type { MetricsContainer } from "../../portability/metrics/index.js";
import type { NodeBacklog } from "../engine/backlog.js";

export interface Progress {
  /** Elements of each PCollection between stages, committed so far, by its id. */
  readonly elements: ReadonlyMap<string, number>;
  /** Bundles committed, all stages together. */
  readonly bundles: number;
  /** Stages that are done, of all. */
  readonly stages: { readonly done: number; readonly total: number };
  /** What each stage and each grouping has before it, in the order of the pipeline. */
  readonly backlog: readonly NodeBacklog[];
}

/** What is known of a job that is done. */
export interface JobResult {
  /** User metrics of committed bundles. */
  readonly metrics: MetricsContainer;
  readonly progress: Progress;
  /** Elements that came after their window had expired, all groupings together. */
  readonly droppedLate: number;
  /** Whether the job came to its end by being drained. */
  readonly drained: boolean;
  /** Bytes that were written to disk because memory had no room. */
  readonly spilledBytes: number;
}

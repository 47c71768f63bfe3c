/** Executes jobs of the job service. */
import { GirderError } from "../../portability/errors.js";
import { plan } from "../graph/plan.js";
import type { JobExecution, JobToExecute } from "./execution.js";

/** How jobs are executed. */
export interface ExecutionSettings {
  /** Bytes of grouped and waiting elements that a job keeps in memory, roughly; beyond, they are written to disk. */
  readonly memoryBudget: number;
  /** How often a bundle that was lost with its worker is tried in all. */
  readonly bundleAttempts: number;
}

/** @returns an execution that is rejected: there are no workers yet for pipelines of the job service. */
export function executeJob(job: JobToExecute, _settings: ExecutionSettings): JobExecution {
  plan(job.pipeline);
  const error = new GirderError(
    "unsupported",
    "This runner has no workers yet for pipelines that are submitted to it.",
    {
      where: job.jobId,
      remedy: "Run the pipeline with `girder run`.",
    },
  );
  return { done: Promise.reject(error), metrics: () => ({ attempted: [], committed: [] }) };
}

/** The options of `girder serve`, apart from what they are for: that takes long to load. */
import { KEEP_FINISHED_JOBS } from "../../runner/job/jobs.js";
import { RUNNER_OPTIONS } from "../runners/pipeline-options.js";

/** What the command is given, as it was written. */
export interface ServeOptions {
  readonly jobPort: string;
  readonly host: string;
  readonly allowRemote?: boolean;
  readonly stagingDirectory?: string;
  readonly keepJobs: string;
  readonly keepJobsFor: string;
  readonly memoryBudget: string;
  readonly bundleAttempts: string;
  readonly stuckAfter: string;
  readonly expansionPort?: string;
  readonly register?: readonly string[];
}

/** Beam's runners and examples use this port for job services. */
export const SERVE_DEFAULTS = {
  jobPort: "8073",
  host: "127.0.0.1",
  keepJobs: String(KEEP_FINISHED_JOBS.count),
  keepJobsFor: `${KEEP_FINISHED_JOBS.age / 3_600_000}h`,
  memoryBudget: RUNNER_OPTIONS.memoryBudget.default,
  bundleAttempts: String(RUNNER_OPTIONS.bundleAttempts.default),
  stuckAfter: "10m",
} as const satisfies ServeOptions;

/** A job service under the options of a program. */
import { GirderError } from "../../../portability/errors.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { RUNNER_OPTIONS } from "../pipeline-options.js";
import type { PipelineResult } from "../pipeline-result.js";
import type { RunOptions } from "../run.js";
import type { RunnerMessage } from "./job-client.js";
import { runPortable } from "./portable.js";

/**
 * Runs a pipeline to its end.
 *
 * @throws GirderError `invalid-option` for an option that is missing or says nothing; otherwise see {@link runPortable}.
 */
export async function launchPortable(
  pipeline: Pipeline,
  { jobEndpoint, environmentType = RUNNER_OPTIONS.environmentType.default, jobName, signal }: RunOptions,
  onMessage?: (message: RunnerMessage) => void,
): Promise<PipelineResult> {
  if (jobEndpoint === undefined || !/^.+:\d+$/.test(jobEndpoint)) {
    throw new GirderError("invalid-option", "It is not said where the job service is.", {
      where: "--job-endpoint",
      remedy: "Write --job-endpoint=HOST:PORT; girder serve starts one.",
    });
  }
  if (environmentType.toUpperCase() !== "LOOPBACK") {
    throw new GirderError("invalid-option", `There is no environment "${environmentType}".`, {
      where: "--environment-type",
      remedy: "Use --environment-type=LOOPBACK.",
    });
  }
  return runPortable(pipeline, {
    jobEndpoint,
    ...(jobName === undefined ? {} : { jobName }),
    ...(signal === undefined ? {} : { signal }),
    ...(onMessage === undefined ? {} : { onMessage }),
  });
}

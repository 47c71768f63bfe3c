/** Runs pipelines in this process: no server, no serialisation between stages. */

import { GirderError } from "../../../portability/errors.js";
import { execute } from "../../../runner/execution/execute.js";
import type { ExecutionOptions } from "../../../runner/execution/options.js";
import type { JobResult } from "../../../runner/execution/progress.js";
import { Harness } from "../../harness/harness.js";
import type { Pipeline } from "../../pipeline/pipeline.js";

export type EmbeddedOptions = Omit<ExecutionOptions, "worker">;

/**
 * Runs a pipeline to its end on the embedded runner, which is given the proto that any other runner would be given.
 *
 * @throws GirderError see {@link execute}.
 */
export async function runEmbedded(pipeline: Pipeline, options: EmbeddedOptions = {}): Promise<JobResult> {
  const harness = new Harness(pipeline.functions);
  try {
    return await execute(pipeline.toProto(), { ...options, worker: () => harness });
  } catch (thrown) {
    if (!(thrown instanceof GirderError) || thrown.where === undefined) throw thrown;
    const site = pipeline.siteOf(thrown.where);
    throw site === undefined ? thrown : thrown.appliedAt(site);
  }
}

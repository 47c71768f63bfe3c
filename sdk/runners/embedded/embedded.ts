/** Runs pipelines in this process: no server, no serialisation between stages. */

import { GirderError } from "../../../portability/errors.js";
import type { StageWorker } from "../../../portability/execution/stage.js";
import { execute } from "../../../runner/execution/execute.js";
import type { ExecutionOptions } from "../../../runner/execution/options.js";
import type { JobResult } from "../../../runner/execution/progress.js";
import { Harness } from "../../harness/harness.js";
import { withSite } from "../../pipeline/call-site.js";
import type { Pipeline } from "../../pipeline/pipeline.js";

/** How a pipeline is run. */
export interface EmbeddedOptions extends Omit<ExecutionOptions, "worker"> {
  /** Puts something around the worker that executes the pipeline's functions: a check, a probe. Default: nothing. */
  readonly wrapWorker?: (worker: StageWorker) => StageWorker;
}

/**
 * Runs a pipeline to its end on the embedded runner, which is given the proto that any other runner would be given.
 *
 * @throws GirderError see {@link execute}; `unsupported` for a pipeline of which other SDKs execute a part.
 */
export async function runEmbedded(pipeline: Pipeline, options: EmbeddedOptions = {}): Promise<JobResult> {
  if (!pipeline.foreign.isEmpty) {
    throw new GirderError(
      "unsupported",
      "Other SDKs execute a part of the pipeline, for which their workers are needed.",
      {
        remedy: "Use run, or runPipeline; in a test testPipelineOn.",
      },
    );
  }
  const { wrapWorker = (worker) => worker, ...execution } = options;
  const worker = wrapWorker(new Harness(pipeline.functions));
  try {
    return await execute(pipeline.toProto(), { ...execution, worker: () => worker });
  } catch (thrown) {
    await pipeline.failed();
    throw withSite(thrown, (transform) => pipeline.siteOf(transform));
  }
}

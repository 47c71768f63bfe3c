/** Pipelines of which other SDKs execute a part: the embedded runner with workers, and this program as one of them. */
import { GirderError } from "../../../portability/errors.js";
import type { JobResult } from "../../../runner/execution/progress.js";
import { PORTABLE_CAPABILITIES } from "../../../runner/graph/capabilities.js";
import { plan } from "../../../runner/graph/plan.js";
import { jobExecutor } from "../../../runner/job/execute-job.js";
import { JobServer } from "../../../runner/job/job-server.js";
import { WorkerServices } from "../../../runner/job/worker-services.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { parseBytes, RUNNER_OPTIONS } from "../pipeline-options.js";
import { PipelineResult } from "../pipeline-result.js";
import { runPortable } from "../portable/portable.js";
import type { EmbeddedOptions } from "./embedded.js";

const HOST = "127.0.0.1";

/**
 * Runs a pipeline to its end, on a job service in this process that nobody else knows of.
 *
 * @throws GirderError `unsupported` for options that need all functions to be in this process; otherwise see `runPortable`.
 */
export async function runBesideOthers(pipeline: Pipeline, options: EmbeddedOptions): Promise<PipelineResult> {
  const {
    memoryBudget = parseBytes(RUNNER_OPTIONS.memoryBudget.default),
    bundleAttempts = RUNNER_OPTIONS.bundleAttempts.default,
    signal,
    drain,
    wrapWorker,
    metrics: _,
    capabilities: __,
    ...execution
  } = options;
  if (wrapWorker !== undefined) {
    throw new GirderError("unsupported", "Other SDKs execute a part of the pipeline: its workers cannot be wrapped.");
  }
  let droppedLate = 0;
  const onResult = (result: JobResult): void => {
    droppedLate = result.droppedLate;
  };
  const workers = await WorkerServices.start(HOST);
  try {
    const server = await JobServer.start({
      host: HOST,
      port: 0,
      check: (proto) => void plan(proto, PORTABLE_CAPABILITIES),
      execute: jobExecutor(workers, { memoryBudget, bundleAttempts, execution, onResult }),
    });
    try {
      const { metrics, state } = await runPortable(pipeline, {
        jobEndpoint: server.address,
        ...(signal === undefined ? {} : { signal }),
        ...(drain === undefined ? {} : { drain }),
      });
      return new PipelineResult(metrics, droppedLate, state);
    } finally {
      await server.close();
    }
  } finally {
    await workers.close();
  }
}

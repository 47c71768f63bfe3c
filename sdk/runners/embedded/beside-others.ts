/** Pipelines of which other SDKs execute a part: the embedded runner with workers, and this program as one of them. */
import { GirderError } from "../../../portability/errors.js";
import { PORTABLE_CAPABILITIES } from "../../../runner/graph/capabilities.js";
import { plan } from "../../../runner/graph/plan.js";
import { jobExecutor } from "../../../runner/job/execute-job.js";
import { JobServer } from "../../../runner/job/job-server.js";
import { WorkerServices } from "../../../runner/job/worker-services.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { parseBytes, RUNNER_OPTIONS } from "../pipeline-options.js";
import type { PipelineResult } from "../pipeline-result.js";
import { runPortable } from "../portable/portable.js";
import type { EmbeddedOptions } from "./embedded.js";

const HOST = "127.0.0.1";

/**
 * Runs a pipeline to its end, on a job service in this process that nobody else knows of.
 *
 * @throws GirderError `unsupported` for options that need all functions to be in this process; otherwise see `runPortable`.
 */
export async function runBesideOthers(pipeline: Pipeline, options: EmbeddedOptions): Promise<PipelineResult> {
  if (options.untilAvailable === true) {
    throw new GirderError(
      "unsupported",
      "A pipeline of which other SDKs execute a part cannot be run until what is available is processed.",
      {
        where: "--until",
        remedy: "Leave it out, and cancel or drain the pipeline when you like.",
      },
    );
  }
  const { memoryBudget = parseBytes(RUNNER_OPTIONS.memoryBudget.default) } = options;
  const { bundleAttempts = RUNNER_OPTIONS.bundleAttempts.default, signal, drain } = options;
  const workers = await WorkerServices.start(HOST);
  try {
    const server = await JobServer.start({
      host: HOST,
      port: 0,
      check: (proto) => void plan(proto, PORTABLE_CAPABILITIES),
      execute: jobExecutor(workers, { memoryBudget, bundleAttempts }),
    });
    try {
      return await runPortable(pipeline, {
        jobEndpoint: server.address,
        ...(signal === undefined ? {} : { signal }),
        ...(drain === undefined ? {} : { drain }),
      });
    } finally {
      await server.close();
    }
  } finally {
    await workers.close();
  }
}

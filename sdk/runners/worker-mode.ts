/** What `run` does in a program that is run again by a worker. */
import { toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import { PipelineSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import type { WorkerMode } from "./ambient.js";
import { PipelineResult } from "./pipeline-result.js";

/**
 * Serves the functions of a pipeline until the runner ends the worker, and then does not return: what the program does after
 * its pipeline has run has been done where it was submitted. Pipelines that the program runs before are passed over.
 *
 * @param index Which of the pipelines that the program runs this is.
 */
export async function runInWorker(pipeline: Pipeline, index: number, mode: WorkerMode): Promise<PipelineResult> {
  if (index < mode.pipeline) return new PipelineResult(new MetricsContainer(), 0);
  if (mode.describe !== undefined) mode.describe(toBinary(PipelineSchema, pipeline.toProto()));
  else if (mode.worker !== undefined) {
    const { FnApiWorker } = await import("../worker/fn-api-worker.js");
    const { logConsole } = await import("../worker/log-console.js");
    const { ended, ...options } = mode.worker;
    const worker = FnApiWorker.start({ ...options, functions: pipeline.functions });
    logConsole((severity, message) => worker.log(severity, message));
    await worker.ended;
    ended();
  } else throw new GirderError("internal", "a worker's program was not told what for");
  return new Promise(() => undefined);
}

/** What `run` does in a program that is run again by a worker. */
import { writeFileSync } from "node:fs";
import { toBinary } from "@bufbuild/protobuf";
import { PipelineSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import type { FunctionTable } from "../pipeline/functions.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { bootFlags } from "../worker/boot-flags.js";
import { provisioned, siblingsEnded, startSiblings } from "../worker/booted-worker.js";
import { FnApiWorker } from "../worker/fn-api-worker.js";
import { logConsole } from "../worker/log-console.js";
import type { WorkerMode } from "./ambient.js";
import { PipelineResult } from "./pipeline-result.js";

/** Environment variable with the path to which the pipeline's proto is to be written, instead of being a worker. */
export const DESCRIBE = "GIRDER_DESCRIBE_PROGRAM";

/**
 * Serves the functions of a pipeline until the runner ends the worker, and then ends the process: what the program does after
 * its pipeline has run has been done where it was submitted. Pipelines that the program runs before are passed over.
 *
 * @param index Which of the pipelines that the program runs this is.
 * @throws GirderError where the flags say too little, or the runner does not tell the worker what it has to know.
 */
export async function runInWorker(pipeline: Pipeline, index: number, mode: WorkerMode): Promise<PipelineResult> {
  if (index < mode.pipeline) return new PipelineResult(new MetricsContainer(), 0);
  const target = process.env[DESCRIBE];
  if (target === undefined) await serveFunctions(pipeline.functions, mode);
  else writeFileSync(target, toBinary(PipelineSchema, pipeline.toProto()));
  // What the program has left running does not keep the process.
  return process.exit(0);
}

/** Serves functions until the runner ends the worker. @throws GirderError see {@link runInWorker}. */
export async function serveFunctions(
  functions: FunctionTable,
  mode: Pick<WorkerMode, "flags" | "file" | "digests">,
): Promise<void> {
  const flags = bootFlags(mode.flags);
  const info = await provisioned(flags);
  if (mode.file !== undefined) startSiblings(flags, info, [mode.file]);
  functions.knownAs(mode.digests ?? {});
  const worker = FnApiWorker.start({
    id: flags.id,
    control: info?.controlEndpoint?.url || flags.control,
    logging: info?.loggingEndpoint?.url || flags.logging,
    status: info?.statusEndpoint?.url,
    runnerCapabilities: info?.runnerCapabilities ?? [],
    functions,
  });
  logConsole((severity, message) => worker.log(severity, message));
  process.once("SIGTERM", () => void worker.stop().finally(() => process.exit(143)));
  await worker.ended;
  await siblingsEnded();
  if (worker.failure !== undefined) throw worker.failure;
}

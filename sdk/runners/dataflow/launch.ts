/** Google Cloud Dataflow: the pipeline and the program are staged in Cloud Storage, and a job is created of them by its API. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { toBinary } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { PipelineSchema } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";
import { withSite } from "../../pipeline/call-site.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { packageFolder } from "../package-folder.js";
import { PipelineResult } from "../pipeline-result.js";
import { dockerEnvironment } from "../portable/environments.js";
import { withOriginalPositions } from "../portable/original-positions.js";
import { type ShippedPipeline, shipPipeline } from "../portable/shipped-pipeline.js";
import { takenApart } from "../portable/taken-apart.js";
import type { RunOptions } from "../run.js";
import { upload } from "./cloud-storage.js";
import { DataflowJob, POLL_INTERVAL } from "./dataflow-job.js";
import { dataflowPipeline, isUnbounded } from "./dataflow-pipeline.js";
import { type DataflowSettings, dataflowSettings } from "./dataflow-settings.js";
import { writeJob } from "./dry-run.js";
import { accessToken } from "./google-credentials.js";
import { jobRequest, PIPELINE_FILE } from "./job-request.js";

/**
 * Runs a pipeline to its end on Dataflow. With `--dry-run` nothing is submitted, and the result is `STOPPED`.
 *
 * @param poll How often (ms) it is asked how the job is. Default: 5 s.
 * @throws GirderError `invalid-option` with all that is missing; `unsupported` for what Dataflow cannot execute; the job's own reason if
 * it fails.
 */
export async function launchDataflow(
  pipeline: Pipeline,
  options: RunOptions,
  poll = POLL_INTERVAL,
): Promise<PipelineResult> {
  const settings = dataflowSettings(options, isUnbounded(pipeline.toProto()));
  if (options.signal?.aborted) throw cancelled();
  const { workerProgram: program, workerExternal = "" } = options;
  await using shipped = await shipPipeline(pipeline, {
    program,
    external: workerExternal.split(",").filter((name) => name !== ""),
    environment: () => dockerEnvironment(settings.image),
  });
  try {
    return await runShipped(shipped, settings, poll);
  } catch (thrown) {
    await pipeline.failed();
    const known = await withOriginalPositions(thrown, shipped.bundle.path);
    throw withSite(known, (transform) => pipeline.siteOf(transform));
  }
}

async function runShipped(shipped: ShippedPipeline, settings: DataflowSettings, poll: number): Promise<PipelineResult> {
  const { options, stagingLocation } = settings;
  const { signal, dryRun } = options;
  const made = await dataflowPipeline(takenApart(shipped.pipeline), shipped.readArtifact, stagingLocation);
  const bytes = toBinary(PipelineSchema, made.pipeline);
  const contents = {
    pipeline: made.pipeline,
    pipelineSha256: createHash("sha256").update(bytes).digest("hex"),
    files: made.files,
    workerOptions: shipped.options,
    version: await ownVersion(),
  };
  if (dryRun !== undefined) {
    await writeJob(dryRun, jobRequest(settings, contents), bytes, made.files);
    return new PipelineResult(new MetricsContainer(), 0, "STOPPED");
  }
  const token = accessToken(options.accessToken);
  const replaces = options.update === true ? await DataflowJob.running(settings, token) : undefined;
  for (const { name, content } of made.files) await upload(`${stagingLocation}/${name}`, content, token, signal);
  await upload(`${stagingLocation}/${PIPELINE_FILE}`, bytes, token, signal);
  const request = jobRequest(settings, { ...contents, replaces });
  return follow(await DataflowJob.create(request, settings, token, { watch: options, poll, signal }), options);
}

/** Waits for a job's end, and asks for it where it is told to. */
async function follow(job: DataflowJob, { signal, drain }: RunOptions): Promise<PipelineResult> {
  const cancel = (): void => void job.cancel().catch(() => undefined);
  let stop = (): void => {};
  const refused = new Promise<never>((_, reject) => {
    const drained = (): void => void job.drain().catch(reject);
    if (drain?.aborted) drained();
    drain?.addEventListener("abort", drained, { once: true });
    stop = () => drain?.removeEventListener("abort", drained);
  });
  refused.catch(cancel);
  if (signal?.aborted) cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    const ended = job.ended();
    ended.catch(() => undefined);
    const { state, metrics } = await Promise.race([ended, refused]);
    return new PipelineResult(metrics, 0, state);
  } finally {
    signal?.removeEventListener("abort", cancel);
    stop();
    job.close();
  }
}

async function ownVersion(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder(), "package.json"), "utf8")) as { version: string };
  return version;
}

function cancelled(): GirderError {
  return new GirderError("cancelled", "The job was cancelled.");
}

/** Running a pipeline inside a test. */
import type { JsonObject } from "@bufbuild/protobuf";
import { GirderError } from "../../portability/errors.js";
import type { MetricsContainer } from "../../portability/metrics/index.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { Root } from "../pipeline/root.js";
import { type EmbeddedOptions, runEmbedded } from "../runners/embedded/embedded.js";
import type { PipelineResult } from "../runners/pipeline-result.js";
import { CheckingWorker } from "./checking-worker.js";
import { ASSERTION_METRIC, assertionsOf } from "./passert.js";

/** How a pipeline is tested. */
export interface TestPipelineOptions extends EmbeddedOptions {
  /**
   * Whether elements are checked where they pass from stage to stage: that functions do not change their inputs, and that
   * keys are always written as the same bytes. Default true; it costs encoding every element a few times.
   */
  readonly checkElements?: boolean;
}

/**
 * Builds a pipeline and runs it to its end on the embedded runner.
 *
 * @throws GirderError `assertion` if a {@link passert} does not hold, or was never checked; otherwise see `runEmbedded`.
 */
export async function testPipeline(
  build: (root: Root) => unknown,
  { checkElements = true, ...options }: TestPipelineOptions = {},
): ReturnType<typeof runEmbedded> {
  const pipeline = new Pipeline();
  await build(pipeline.root);
  const { wrapWorker = (worker) => worker } = options;
  const result = await runEmbedded(pipeline, {
    ...options,
    ...(checkElements ? { wrapWorker: (worker) => wrapWorker(new CheckingWorker(worker)) } : {}),
  });
  requireAllChecked(pipeline, result.metrics);
  return result;
}

/**
 * Builds a pipeline and runs it to its end on a job service, with its functions in this process.
 *
 * @param jobEndpoint `host:port`.
 * @param options `signal` cancels the job; `options` are the pipeline's, as the runner takes them: `beam:option:NAME:v1`.
 * @throws GirderError `assertion` if a {@link passert} does not hold, or was never checked; otherwise see `runPortable`.
 */
export async function testPipelineOn(
  jobEndpoint: string,
  build: (root: Root) => unknown,
  options: { readonly signal?: AbortSignal; readonly options?: JsonObject } = {},
): Promise<PipelineResult> {
  const pipeline = new Pipeline();
  await build(pipeline.root);
  // Most tests are run on the embedded runner, and need not wait for what this one brings along.
  const { runPortable } = await import("../runners/portable/portable.js");
  const result = await runPortable(pipeline, { jobEndpoint, ...options });
  requireAllChecked(pipeline, result.metrics);
  return result;
}

function requireAllChecked(pipeline: Pipeline, metrics: MetricsContainer): void {
  let held = 0;
  for (const { key, cell } of metrics.entries()) {
    const isAssertion = key.namespace === ASSERTION_METRIC.namespace && key.name === ASSERTION_METRIC.name;
    if (isAssertion && cell.kind === "counter") held += Number(cell.result());
  }
  const expected = assertionsOf(pipeline);
  if (held === expected) return;
  throw new GirderError("assertion", `The pipeline has ${expected} assertions, of which ${held} were checked.`, {
    remedy: "An assertion is checked when its PCollection is complete: see that all of its sources come to an end.",
  });
}

/** Running a pipeline inside a test. */
import { GirderError } from "../../portability/errors.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { Root } from "../pipeline/root.js";
import { type EmbeddedOptions, runEmbedded } from "../runners/embedded/embedded.js";
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
  let held = 0;
  for (const { key, cell } of result.metrics.entries()) {
    const isAssertion = key.namespace === ASSERTION_METRIC.namespace && key.name === ASSERTION_METRIC.name;
    if (isAssertion && cell.kind === "counter") held += Number(cell.result());
  }
  const expected = assertionsOf(pipeline);
  if (held === expected) return result;
  throw new GirderError("assertion", `The pipeline has ${expected} assertions, of which ${held} were checked.`, {
    remedy: "An assertion is checked when its PCollection is complete: see that all of its sources come to an end.",
  });
}

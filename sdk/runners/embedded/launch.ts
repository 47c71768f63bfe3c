/** The embedded runner under the options of a program. */
import type { Progress } from "../../../runner/execution/progress.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { parseBytes, RUNNER_OPTIONS } from "../pipeline-options.js";
import { PipelineResult } from "../pipeline-result.js";
import type { RunOptions } from "../run.js";
import { runEmbedded } from "./embedded.js";

export async function launchEmbedded(
  pipeline: Pipeline,
  options: RunOptions,
  onProgress?: (progress: Progress) => void,
): Promise<PipelineResult> {
  const { bundleAttempts, failBundles, splitBundles, seed } = RUNNER_OPTIONS;
  const { metrics, droppedLate } = await runEmbedded(pipeline, {
    memoryBudget: parseBytes(options.memoryBudget ?? RUNNER_OPTIONS.memoryBudget.default),
    bundleAttempts: options.bundleAttempts ?? bundleAttempts.default,
    failBundles: options.failBundles ?? failBundles.default,
    splitBundles: options.splitBundles ?? splitBundles.default,
    seed: options.seed ?? seed.default,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  return new PipelineResult(metrics, droppedLate);
}

/** The embedded runner under the options of a program. */
import { GirderError } from "../../../portability/errors.js";
import type { Progress } from "../../../runner/execution/progress.js";
import type { Pipeline } from "../../pipeline/pipeline.js";
import { kebab, parseBytes, RUNNER_OPTIONS } from "../pipeline-options.js";
import { PipelineResult } from "../pipeline-result.js";
import type { RunOptions } from "../run.js";
import { type EmbeddedOptions, runEmbedded } from "./embedded.js";

/**
 * Runs a pipeline to its end.
 *
 * @throws GirderError `invalid-option` for an option out of its range; otherwise see {@link runEmbedded}.
 */
export async function launchEmbedded(
  pipeline: Pipeline,
  options: RunOptions,
  onProgress: ((progress: Progress) => void) | undefined = plainly(options),
): Promise<PipelineResult> {
  const { bundleAttempts, failBundles, splitBundles, seed } = RUNNER_OPTIONS;
  requireInRange("bundleAttempts", options.bundleAttempts, 1, Number.MAX_SAFE_INTEGER);
  requireInRange("failBundles", options.failBundles, 0, 1);
  requireInRange("splitBundles", options.splitBundles, 0, 1);
  requireInRange("maxBundleSize", options.maxBundleSize, 1, Number.MAX_SAFE_INTEGER);
  requireInRange("maxBundleTime", options.maxBundleTime, 1, Number.MAX_SAFE_INTEGER);
  if (options.until !== undefined && options.until !== "available") {
    throw new GirderError("invalid-option", `A pipeline cannot be run until "${options.until}".`, {
      where: "--until",
      remedy: "Use --until=available, or leave it out and cancel the pipeline when you like.",
    });
  }
  const settings: EmbeddedOptions = {
    memoryBudget: parseBytes(options.memoryBudget ?? RUNNER_OPTIONS.memoryBudget.default),
    bundleAttempts: options.bundleAttempts ?? bundleAttempts.default,
    failBundles: options.failBundles ?? failBundles.default,
    splitBundles: options.splitBundles ?? splitBundles.default,
    seed: options.seed ?? seed.default,
    untilAvailable: options.until === "available",
    ...(options.streaming ? { streaming: true } : {}),
    ...(options.maxBundleSize === undefined ? {} : { maxBundleElements: options.maxBundleSize }),
    ...(options.maxBundleTime === undefined ? {} : { maxBundleTime: options.maxBundleTime }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.drain === undefined ? {} : { drain: options.drain }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
  if (!pipeline.foreign.isEmpty) {
    const { runBesideOthers } = await import("./beside-others.js");
    return runBesideOthers(pipeline, settings);
  }
  const { metrics, droppedLate, drained } = await runEmbedded(pipeline, settings);
  return new PipelineResult(metrics, droppedLate, drained ? "DRAINED" : "DONE");
}

/** Progress as every runner tells of it. */
function plainly({ onProgress }: RunOptions): ((progress: Progress) => void) | undefined {
  if (onProgress === undefined) return undefined;
  return ({ elements, stages }) => {
    let sum = 0;
    for (const count of elements.values()) sum += count;
    onProgress({ state: "RUNNING", elements: sum, stages });
  };
}

function requireInRange(name: keyof RunOptions, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (value >= least && value <= most)) return;
  throw new GirderError("invalid-option", `--${kebab(name)}=${value} is out of range.`, {
    where: `--${kebab(name)}`,
    remedy: most === 1 ? "Give a share from 0 to 1." : `Give a number of at least ${least}.`,
  });
}

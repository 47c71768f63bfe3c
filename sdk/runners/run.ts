/** Building a pipeline and running it, as a program does. */
import { GirderError } from "../../portability/errors.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PValue } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { ambient, programState } from "./ambient.js";
import { RUNNER_OPTIONS, type RunnerOptions } from "./pipeline-options.js";
import type { PipelineResult } from "./pipeline-result.js";
import type { RunWatch } from "./run-progress.js";

/**
 * Options of a run. `signal` cancels it; `drain` brings it to its end without losing anything: sources stop, what is there is
 * processed, windows close, and the result is `DRAINED`. `onMessage` and `onProgress` are told what the runner tells.
 */
export type RunOptions = RunnerOptions & RunWatch & { readonly signal?: AbortSignal; readonly drain?: AbortSignal };

/**
 * Builds a pipeline and runs it to its end.
 *
 * ```ts
 * await run((root) => {
 *   root.apply(create(["a", "b"])).map((word) => word.toUpperCase()).map((word) => console.log(word));
 * });
 * ```
 *
 * @param options Those of {@link pipelineOptions}, or any of them. Default: the embedded runner.
 * @throws GirderError with the reason, if the pipeline cannot be built, is refused, or fails.
 */
export async function run(
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that builds a pipeline need not return anything.
  build: (root: Root) => PValue | void | Promise<PValue | void>,
  options: RunOptions = {},
): Promise<PipelineResult> {
  const pipeline = new Pipeline();
  await build(pipeline.root);
  const index = programState().pipelines++;
  const { launch, workerMode, serve } = ambient();
  if (workerMode !== undefined) {
    const serveIt = serve ?? (await import("./worker-mode.js")).runInWorker;
    return serveIt(pipeline, index, workerMode);
  }
  if (launch !== undefined) return launch(pipeline, options);
  return runPipeline(pipeline, options);
}

/** Runs a pipeline on the runner that the options name. */
export async function runPipeline(pipeline: Pipeline, options: RunOptions = {}): Promise<PipelineResult> {
  const runner = options.runner ?? RUNNER_OPTIONS.runner.default;
  switch (runner) {
    case "embedded": {
      const { launchEmbedded } = await import("./embedded/launch.js");
      return launchEmbedded(pipeline, options);
    }
    case "portable": {
      const { launchPortable } = await import("./portable/launch.js");
      return launchPortable(pipeline, options);
    }
    case "prism": {
      const { launchPrism } = await import("./prism/launch.js");
      return launchPrism(pipeline, options);
    }
    case "flink": {
      const { launchFlink } = await import("./flink/launch.js");
      return launchFlink(pipeline, options);
    }
    case "spark": {
      const { launchSpark } = await import("./spark/launch.js");
      return launchSpark(pipeline, options);
    }
    case "dataflow": {
      const { launchDataflow } = await import("./dataflow/launch.js");
      return launchDataflow(pipeline, options);
    }
    default:
      throw new GirderError("invalid-option", `There is no runner "${runner}".`, {
        where: "--runner",
        remedy: "Use --runner=embedded, --runner=portable, prism, flink, spark or dataflow.",
      });
  }
}

/** `girder run`. */

import { launchEmbedded } from "../runners/embedded/launch.js";
import { pipelineOptions, RUNNER_OPTIONS } from "../runners/pipeline-options.js";
import type { PipelineResult } from "../runners/pipeline-result.js";
import { runPipeline } from "../runners/run.js";
import { jobView } from "./job-view.js";
import { loadProgram } from "./load-program.js";
import { grouped, progressView } from "./progress-view.js";

/**
 * Runs the program's pipelines with progress, metrics at the end, and Ctrl-C: it cancels; with `--streaming` it drains first, and
 * cancels the second time.
 */
export async function runCommand(file: string, argv: readonly string[]): Promise<void> {
  const [abort, drain] = [new AbortController(), new AbortController()];
  let streams = false;
  const interrupt = (): void => {
    // Ctrl-C once more does not wait for anything.
    if (abort.signal.aborted) process.exit(130);
    if (streams && !drain.signal.aborted) {
      process.stderr.write("\ngirder: draining; press Ctrl-C again to cancel\n");
      drain.abort();
      return;
    }
    process.stderr.write("\ngirder: cancelling; press Ctrl-C again to leave at once\n");
    abort.abort();
  };
  // They stay: a program may run its pipeline without waiting for it.
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  await loadProgram(file, {
    argv,
    async launch(pipeline, given) {
      // A program that declares no options of its own still takes the runner's.
      const options = {
        ...(Object.keys(given).length > 0 ? given : pipelineOptions({}, argv)),
        signal: abort.signal,
        drain: drain.signal,
      };
      streams = options.streaming === true;
      const begin = performance.now();
      const isHere = (options.runner ?? RUNNER_OPTIONS.runner.default) === "embedded";
      const view = isHere ? progressView(process.stderr) : jobView(process.stderr);
      try {
        const result = await ("message" in view
          ? runPipeline(pipeline, { ...options, onMessage: view.message, onProgress: view.update })
          : launchEmbedded(pipeline, options, (progress) => view.update(progress)));
        view.end();
        printSummary(result, (performance.now() - begin) / 1000);
        return result;
      } catch (thrown) {
        view.end();
        throw thrown;
      }
    },
  });
}

function printSummary(result: PipelineResult, seconds: number): void {
  const lines = [`girder: ${result.state} in ${seconds.toFixed(2)} s`];
  if (result.droppedLate > 0) lines.push(`  ${grouped(result.droppedLate)} late elements were dropped`);
  for (const { key, cell } of result.metrics.entries()) {
    lines.push(`  ${key.step}  ${key.namespace}/${key.name}  ${format(cell.result())}`);
  }
  process.stderr.write(`${lines.join("\n")}\n`);
}

function format(result: unknown): string {
  if (typeof result === "number") return grouped(result);
  return JSON.stringify(result, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value instanceof Set ? [...value] : value,
  );
}

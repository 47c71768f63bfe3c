/**
 * Flink.
 *
 * @module girder/apache-beam/runners/flink
 */
import { createRunner, type Runner } from "./runner.js";

/** Girder's runner called `flink`. @throws GirderError when a pipeline is run, where it is not said which job server is Flink's. */
export function flinkRunner(runnerOptions: object = {}): Runner {
  return createRunner({ ...runnerOptions, runner: "flink" });
}

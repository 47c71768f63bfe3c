/**
 * Flink.
 *
 * @module girder/apache-beam/runners/flink
 */
import { createRunner, type Runner } from "./runner.js";

/** Girder's runner called `flink`. @throws GirderError `invalid-option` when a pipeline is run, where there is none. */
export function flinkRunner(runnerOptions: object = {}): Runner {
  return createRunner({ ...runnerOptions, runner: "flink" });
}

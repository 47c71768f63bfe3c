/**
 * Dataflow.
 *
 * @module girder/apache-beam/runners/dataflow
 */
import { createRunner, type Runner } from "./runner.js";

/** Girder's runner called `dataflow`. @throws GirderError `invalid-option` when a pipeline is run, with all options that are missing. */
export function dataflowRunner(runnerOptions: object): Runner {
  return createRunner({ ...runnerOptions, runner: "dataflow" });
}

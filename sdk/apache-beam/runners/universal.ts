/**
 * The runner for whatever a pipeline may ask for.
 *
 * @module girder/apache-beam/runners/universal
 */
import { createRunner, type Runner } from "./runner.js";

/** Girder's embedded runner, which executes the whole model; with a `jobEndpoint`, the job service there. */
export function universalRunner(runnerOptions: object = {}): Runner {
  return createRunner({ ...runnerOptions, runner: "universal" });
}

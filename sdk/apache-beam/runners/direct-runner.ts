/**
 * The runner in this process.
 *
 * @module girder/apache-beam/runners/direct_runner
 */
import { createRunner, type Runner } from "./runner.js";

/** Girder's embedded runner. */
export function directRunner(options: object = {}): Runner {
  return createRunner({ ...options, runner: "direct" });
}

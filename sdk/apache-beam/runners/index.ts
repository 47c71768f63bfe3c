/**
 * Runners.
 *
 * @module girder/apache-beam/runners
 */
export { createRunner, Runner } from "./runner.js";

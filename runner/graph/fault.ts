import { GirderError } from "../../portability/errors.js";

/** One reason why a pipeline is refused. */
export interface Fault {
  /** Whether the pipeline contradicts itself, or asks for what the runner does not do. */
  readonly code: "invalid-pipeline" | "unsupported";
  /** The full name of the transform concerned; the empty string for the pipeline as a whole. */
  readonly where: string;
  /** What is wrong, as a sentence without full stop. */
  readonly what: string;
  /** What the author can do, as a sentence without full stop. */
  readonly remedy: string;
}

/**
 * Throws one error for all faults: its first line counts them, and each has a line of its own.
 *
 * @throws GirderError `invalid-pipeline` if any of them is, else `unsupported`; nothing if there are no faults.
 */
export function throwFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) {
    return;
  }
  const code = faults.some((fault) => fault.code === "invalid-pipeline") ? "invalid-pipeline" : "unsupported";
  const count = faults.length === 1 ? "one reason" : `${faults.length} reasons`;
  const lines = faults.map(({ where, what, remedy }) => `- ${where === "" ? "pipeline" : where}: ${what}. ${remedy}.`);
  throw new GirderError(code, [`The pipeline cannot run, for ${count}:`, ...lines].join("\n"));
}

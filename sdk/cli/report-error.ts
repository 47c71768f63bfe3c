/** What a person is shown when something failed. */
import { GirderError } from "../../portability/errors.js";

/** Exit codes: the job failed; the command was not understood; the job was cancelled. */
const FAILED = 1;
const USAGE = 2;
const CANCELLED = 130;

/** The exit code that stands for an error. */
export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof GirderError)) return FAILED;
  if (thrown.code === "cancelled") return CANCELLED;
  return thrown.code === "invalid-option" ? USAGE : FAILED;
}

/** The author's own exception and stack first, then where in the pipeline it happened and what to do. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof GirderError))
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  const lines: string[] = [];
  if (thrown.code === "user-exception" && thrown.cause !== undefined) {
    lines.push(errorText(thrown.cause), "");
  }
  lines.push(`girder: [${thrown.code}] ${thrown.what}`);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["transform", thrown.where],
    ["applied at", thrown.site],
    ["element", thrown.element],
    ["remedy", thrown.remedy],
  ];
  for (const [name, value] of facts) if (value !== undefined) lines.push(`  ${name.padEnd(10)} ${value}`);
  return lines.join("\n");
}

/** Prints an error; returns the exit code. */
export function reportError(thrown: unknown): number {
  process.stderr.write(`${errorText(thrown)}\n`);
  return exitCodeOf(thrown);
}

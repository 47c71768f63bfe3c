/** What a person is shown when something failed. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { GirderError } from "../../portability/errors.js";
import { packageFolder } from "../runners/package-folder.js";

/** Exit codes: the job failed; the command was not understood; the job was cancelled. */
const FAILED = 1;
export const USAGE = 2;
const CANCELLED = 130;

/** The exit code that stands for an error. */
export function exitCodeOf(thrown: unknown): number {
  if (!(thrown instanceof GirderError)) return FAILED;
  if (thrown.code === "cancelled") return CANCELLED;
  return thrown.code === "invalid-option" ? USAGE : FAILED;
}

/** Where Girder itself is: the rooms of which frames of a stack are its own. */
function ownPlaces(): string[] {
  const rooms = ["sdk", "runner", "portability", "bundle"].map((room) => join(packageFolder(), "dist", room, "/"));
  return rooms.flatMap((path) => [path, pathToFileURL(path).href]);
}

/** A stack without the frames below the author's, by which Girder called the author's function. */
function authorsStack(stack: string): string {
  const lines = stack.split("\n");
  const own = ownPlaces();
  const isOwn = (line: string): boolean => own.some((place) => line.includes(place)) || line.includes("node:internal");
  let end = lines.length;
  while (end > 0 && /^\s+at /.test(lines[end - 1]!) && isOwn(lines[end - 1]!)) end--;
  // A stack that is Girder's alone is shown as it is.
  return end > 0 && /^\s+at /.test(lines[end - 1]!) ? lines.slice(0, end).join("\n") : stack;
}

/** The author's own exception and stack first, then where in the pipeline it happened and what to do. */
export function errorText(thrown: unknown): string {
  if (!(thrown instanceof GirderError))
    return thrown instanceof Error ? authorsStack(thrown.stack ?? thrown.message) : String(thrown);
  const lines: string[] = [];
  if (thrown.code === "user-exception" && thrown.cause !== undefined) {
    lines.push(errorText(thrown.cause), "");
  }
  lines.push(`girder: [${thrown.code}] ${thrown.what}`);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["where", thrown.where],
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

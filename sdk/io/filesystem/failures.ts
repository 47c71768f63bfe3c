/** The failures of file systems, in words. */
import { GirderError, messageOf } from "../../../portability/errors.js";

const MOST_NAMED = 10;

/**
 * A file, or any file of a pattern, does not exist.
 *
 * @param folder the nearest folder above it that exists, undefined if there is none.
 * @param beside what is in that folder, in order.
 */
export function notFound(pattern: string, folder: string | undefined, beside: readonly string[]): GirderError {
  const named = beside.slice(0, MOST_NAMED).join(", ");
  const more = beside.length > MOST_NAMED ? ` and ${beside.length - MOST_NAMED} more` : "";
  const surroundings =
    folder === undefined
      ? "No folder above it exists."
      : beside.length === 0
        ? `The nearest folder that exists, ${folder}, is empty.`
        : `In ${folder} there are: ${named}${more}.`;
  return new GirderError("not-found", "No file matches.", {
    where: pattern,
    remedy: `${surroundings} Check the spelling and that paths are relative to the working folder.`,
  });
}

/** A failure of the operating system. */
export function ioFailure(action: string, path: string, cause: unknown): GirderError {
  return new GirderError("io", `Cannot ${action}: ${messageOf(cause)}.`, {
    where: path,
    remedy: "Check that the path is a file where one is expected, its permissions, and the space left.",
    cause,
  });
}

/** A file that is there, and was not to be replaced. */
export function alreadyExists(path: string): GirderError {
  return new GirderError("io", "There is a file of this name.", {
    where: path,
    remedy: "Remove it first, or ask for it to be overwritten.",
  });
}

/** @throws GirderError `invalid-argument` unless the range is made of whole numbers that do not run backwards. */
export function requireRange(path: string, start: number, end: number): void {
  const whole = Number.isSafeInteger(start) && (Number.isSafeInteger(end) || end === Infinity);
  if (whole && start >= 0 && end >= start) return;
  throw new GirderError("invalid-argument", `Bytes ${start} to ${end} are not a part of a file.`, {
    where: path,
    remedy: "Give whole numbers, 0 or more, with the end not before the start.",
  });
}

/** What a failed job's client is told. */
import { GirderError } from "../../portability/errors.js";

/** Characters of one message, at most: some clients take no more than 4 MiB at a time. */
export const MAX_TEXT = 256 * 1024;

/** How many causes are told of an error. */
const MAX_CAUSES = 16;

/**
 * An error in full: what happened, in which step, what to do, and the exception of the user's function with its stack.
 * Stacks of Girder's own are left out where an exception of the user's tells more.
 */
export function failureText(thrown: unknown): string {
  const parts: string[] = [];
  let error = thrown;
  for (let i = 0; i < MAX_CAUSES && error !== undefined && error !== null; i++) {
    const text = error instanceof GirderError && error.code !== "internal" ? error.message : stackOf(error);
    // A message that quotes its cause need not be followed by it.
    if (!parts.some((part) => part.includes(text))) parts.push(i === 0 ? text : `Caused by: ${text}`);
    error = error instanceof Error ? error.cause : undefined;
  }
  return shortened(parts.join("\n"));
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  if (stack === undefined || stack === "") return `${name}: ${message}`;
  return stack.includes(message) ? stack : `${name}: ${message}\n${stack}`;
}

/** A text of at most {@link MAX_TEXT} characters, cut in its middle: stacks have what matters at either end. */
export function shortened(text: string, most = MAX_TEXT): string {
  if (text.length <= most) return text;
  const left = text.length - most;
  const half = Math.floor(most / 2);
  // Half a surrogate pair would not be valid UTF-8; a Buffer replaces it.
  return Buffer.from(
    `${text.slice(0, half)}\n… ${left} characters are left out …\n${text.slice(text.length - half)}`,
  ).toString();
}

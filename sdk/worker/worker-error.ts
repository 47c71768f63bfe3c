/** What a runner is told of a bundle that failed. */
import { GirderError } from "../../portability/errors.js";

/** How many causes are told of an error. */
const MAX_CAUSES = 16;

/**
 * The error in full: what happened, in which step, with which element, what to do, and the exception of the author's
 * function with its stack.
 */
export function errorText(thrown: unknown): string {
  const parts: string[] = [];
  let error = thrown;
  for (let i = 0; i < MAX_CAUSES && error !== undefined && error !== null; i++) {
    const text = error instanceof GirderError && error.code !== "internal" ? error.message : stackOf(error);
    if (!parts.some((part) => part.includes(text))) parts.push(i === 0 ? text : `Caused by: ${text}`);
    error = error instanceof Error ? error.cause : undefined;
  }
  return parts.join("\n");
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { name, message, stack } = error;
  if (stack === undefined || stack === "") return `${name}: ${message}`;
  return stack.includes(message) ? stack : `${name}: ${message}\n${stack}`;
}

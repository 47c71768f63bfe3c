/** Errors of files, with the transform that met them. */
import { GirderError } from "../../portability/errors.js";

/**
 * The error with the transform as the place where it happened, and the file in its message. What is no GirderError stays as
 * it is.
 */
export function located(thrown: unknown, transform: string): unknown {
  if (!(thrown instanceof GirderError)) return thrown;
  const { code, what, where, element, remedy, cause } = thrown;
  const file = where === undefined ? "" : ` File: ${where}.`;
  return new GirderError(code, `${what}${file}`, {
    where: transform,
    ...(element === undefined ? {} : { element }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Errors of files, with the transform that met them. */
import { GirderError } from "../../portability/errors.js";

/** The error with the transform added to where it happened; what is no GirderError stays as it is. */
export function located(thrown: unknown, transform: string): unknown {
  if (!(thrown instanceof GirderError)) return thrown;
  const { code, what, where, remedy, cause } = thrown;
  return new GirderError(code, what, {
    where: where === undefined ? transform : `${where}, in ${transform}`,
    ...(remedy === undefined ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause }),
  });
}

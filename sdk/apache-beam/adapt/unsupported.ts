import { GirderError } from "../../../portability/errors.js";

/** The error of what the official API has and this entry has not. */
export function unsupported(what: string, remedy: string): GirderError {
  return new GirderError("unsupported", what, { remedy });
}

/**
 * A transform of the official package that another SDK would execute, started from a Python or Java environment: applying it is
 * refused.
 *
 * @returns an AsyncPTransform that rejects with a GirderError `unsupported`.
 */
export function elsewhere(name: string, remedy: string): (input: unknown) => Promise<never> {
  const refuse = async (): Promise<never> => {
    throw unsupported(`${name} is a transform of another SDK, which this entry does not start.`, remedy);
  };
  return Object.defineProperty(refuse, "name", { value: name });
}

import { GirderError } from "../../portability/errors.js";

/**
 * Refuses a number that is not a whole one of at least `least`.
 *
 * @throws GirderError `invalid-argument`
 */
export function requireInteger(where: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new GirderError("invalid-argument", `${value} is not a whole number of at least ${least}.`, {
      where,
      remedy: `Give a whole number, ${least} or more.`,
    });
  }
}

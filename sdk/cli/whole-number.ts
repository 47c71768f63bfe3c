import { GirderError } from "../../portability/errors.js";

/** The value of an option that is a whole number. @throws GirderError `invalid-option` */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  throw new GirderError("invalid-option", `${flag}=${text} is no whole number ${range}.`, {
    where: flag,
    remedy: `Give a whole number ${range}.`,
  });
}

import { GirderError } from "../../../portability/errors.js";

/** What ends a line, ready to be searched for. */
export interface Delimiter {
  readonly bytes: Buffer;
  /** Whether a carriage return before it belongs to it. */
  readonly takesCarriageReturn: boolean;
  /**
   * The delimiter as text, if text decoded from UTF-8 can be split at it: only where it is ASCII, whose bytes are never
   * part of another character, not even of a malformed one.
   */
  readonly text: string | undefined;
}

const LINE_FEED: Delimiter = { bytes: Buffer.from("\n"), takesCarriageReturn: true, text: "\n" };

/**
 * A delimiter given as text (to be found as UTF-8) or bytes. Undefined is a line feed that may have a carriage return
 * before it; an explicit `"\n"` leaves carriage returns in the lines.
 *
 * @throws GirderError `invalid-argument` for an empty delimiter, and for one that can overlap with itself, such as
 * `"||"`: in `"|||"` a reader that begins in the middle would find it at another place than one that begins before.
 */
export function toDelimiter(given: string | Uint8Array | undefined): Delimiter {
  if (given === undefined) return LINE_FEED;
  const bytes = Buffer.from(given);
  if (bytes.length === 0) {
    throw new GirderError("invalid-argument", "The line delimiter is empty.", {
      remedy: "Leave it out to split at line feeds.",
    });
  }
  for (let length = 1; length < bytes.length; length++) {
    if (bytes.subarray(0, length).equals(bytes.subarray(-length))) {
      throw new GirderError(
        "invalid-argument",
        `The line delimiter ${JSON.stringify(bytes.toString())} can overlap with itself.`,
        {
          remedy: "Choose one whose beginning is not also its end, so that a file can be read from the middle.",
        },
      );
    }
  }
  const isAscii = bytes.every((byte) => byte < 0x80);
  return { bytes, takesCarriageReturn: false, text: isAscii ? bytes.toString() : undefined };
}

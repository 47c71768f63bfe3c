import { constants } from "node:buffer";
import { GirderError } from "../../../portability/errors.js";
import type { Delimiter } from "./delimiter.js";
import { LineBatch } from "./line-batch.js";

/** Which lines a {@link LineSplitter} yields: those that begin in [start, end). */
export interface LineRange {
  /** In bytes. Default 0. */
  readonly start?: number;
  /** In bytes. Default Infinity. */
  readonly end?: number;
  /** Whether a line is known to begin at `start`. Default whether it is 0. */
  readonly startsLine?: boolean;
}

/**
 * Splits the bytes of a file, pushed chunk by chunk, into the lines that begin in a range. Ranges that together make up a
 * file yield each of its lines once, however they lie:
 *
 * ```
 * bytes     a b ⏎ c d e ⏎ f
 * ranges   [0     4)[4     8)     →  "ab", "cde"  and  "f"
 * ```
 *
 * The line that `start` falls into belongs to the range before, unless it begins right there: so reading begins one
 * delimiter earlier, and drops what is before the first delimiter found. The last line is read past `end`.
 *
 * A delimiter ends a line rather than dividing two: a file that ends with one has no empty line after it. A byte order
 * mark at the beginning of the file is not part of the first line.
 */
export class LineSplitter {
  /** The byte from which on chunks are to be pushed. */
  readonly from: number;
  readonly #delimiter: Delimiter;
  readonly #end: number;
  /** Offset of the next byte to be pushed. */
  #position: number;
  /** Whether what is pushed is dropped, up to the first delimiter. */
  #skipping: boolean;
  /** Copies of the bytes of a line whose end has not been pushed; of one being skipped, only the last few. */
  #carry: Buffer[] = [];
  #carryLength = 0;
  /** Where the line that is being carried, or comes next, begins. */
  #lineOffset: number;
  #done: boolean;

  constructor(delimiter: Delimiter, range: LineRange = {}) {
    const { start = 0, end = Infinity, startsLine = start === 0 } = range;
    this.#delimiter = delimiter;
    this.#end = end;
    this.from = startsLine ? start : Math.max(0, start - delimiter.bytes.length);
    this.#position = this.from;
    this.#lineOffset = start;
    this.#skipping = !startsLine;
    this.#done = start >= end;
  }

  /** Whether all lines of the range have been yielded, so that nothing more need be pushed. */
  get done(): boolean {
    return this.#done;
  }

  /** The lines that end in this chunk, undefined if none do. The chunk may be overwritten once the next one is pushed. */
  push(chunk: Uint8Array): LineBatch | undefined {
    if (this.#done) return undefined;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const chunkOffset = this.#position;
    this.#position += bytes.length;

    let bodyStart = 0;
    let head: string | undefined;
    const headOffset = this.#lineOffset;
    if (this.#skipping || this.#carryLength > 0) {
      bodyStart = this.#endOfCarried(bytes);
      if (bodyStart === -1) {
        this.#keep(bytes);
        // A line that begins in a later chunk begins beyond the end.
        if (this.#skipping) this.#done = this.#position >= this.#end;
        return undefined;
      }
      if (!this.#skipping) head = this.#decodeCarried(bytes.subarray(0, bodyStart));
      this.#skipping = false;
      this.#carry = [];
      this.#carryLength = 0;
    }

    const bodyEnd = this.#endOfBody(bytes, bodyStart, this.#end - chunkOffset);
    this.#lineOffset = chunkOffset + bodyEnd;
    if (!this.#done) this.#keep(bytes.subarray(bodyEnd));
    const body = bytes.subarray(bodyStart, bodyEnd);
    if (head === undefined && body.length === 0) return undefined;
    return this.#batch(head, headOffset, body, chunkOffset + bodyStart);
  }

  /** The last line, if it has no delimiter, once everything has been pushed. */
  finish(): LineBatch | undefined {
    if (this.#done || this.#skipping || this.#carryLength === 0) return undefined;
    this.#done = true;
    const offset = this.#lineOffset;
    const line = withoutMark(decode(Buffer.concat(this.#carry)), offset);
    // A file of nothing but a byte order mark is empty.
    if (line === "") return undefined;
    return new LineBatch({
      lines: [line],
      lastOffset: offset,
      endOffset: this.#position,
      locate: () => Float64Array.of(offset),
    });
  }

  /** Place after the first delimiter that ends in `bytes`, the carried bytes being before it; −1 if there is none. */
  #endOfCarried(bytes: Buffer): number {
    const { bytes: delimiter } = this.#delimiter;
    if (delimiter.length > 1 && this.#carryLength > 0) {
      const before = this.#lastCarried(delimiter.length - 1);
      const border = Buffer.concat([before, bytes.subarray(0, delimiter.length - 1)]);
      const at = border.indexOf(delimiter);
      if (at !== -1) return at + delimiter.length - before.length;
    }
    const at = bytes.indexOf(delimiter);
    return at === -1 ? -1 : at + delimiter.length;
  }

  /**
   * Place after the last delimiter of a line that begins before `limit`, from `start` on, where a line begins; `start`
   * if there is none. Notes when no later line can begin before `limit`.
   */
  #endOfBody(bytes: Buffer, start: number, limit: number): number {
    const { bytes: delimiter } = this.#delimiter;
    if (start >= limit) {
      this.#done = true;
      return start;
    }
    const last = bytes.subarray(start).lastIndexOf(delimiter);
    const end = last === -1 ? start : start + last + delimiter.length;
    if (end < limit) return end;
    this.#done = true;
    return bytes.indexOf(delimiter, Math.max(start, limit - delimiter.length)) + delimiter.length;
  }

  #batch(head: string | undefined, headOffset: number, body: Buffer, bodyOffset: number): LineBatch {
    const { bytes: delimiter } = this.#delimiter;
    const { lines, areMeasured } = body.length === 0 ? { lines: [], areMeasured: false } : this.#split(body);
    if (body.length > 0) lines[0] = withoutMark(lines[0] as string, bodyOffset);
    if (head !== undefined) lines.unshift(withoutMark(head, headOffset));
    const beforeLast = body.length - 2 * delimiter.length;
    const lastInBody = beforeLast < 0 ? -1 : body.lastIndexOf(delimiter, beforeLast);
    return new LineBatch({
      lines,
      lastOffset: body.length === 0 ? headOffset : bodyOffset + (lastInBody === -1 ? 0 : lastInBody + delimiter.length),
      endOffset: bodyOffset + body.length,
      locate: () => {
        const offsets = new Float64Array(lines.length);
        let line = 0;
        if (head !== undefined) offsets[line++] = headOffset;
        for (let at = 0; at < body.length; ) {
          offsets[line] = bodyOffset + at;
          const end = areMeasured ? at + lines[line]!.length : body.indexOf(delimiter, at);
          at = end + delimiter.length;
          line++;
        }
        return offsets;
      },
    });
  }

  /** The lines of `body`, which ends with a delimiter, and whether each has as many bytes as its string is long. */
  #split(body: Buffer): { readonly lines: string[]; readonly areMeasured: boolean } {
    const { bytes: delimiter, takesCarriageReturn, text } = this.#delimiter;
    if (text === undefined) {
      const lines: string[] = [];
      for (let at = 0; at < body.length; ) {
        const end = body.indexOf(delimiter, at);
        lines.push(body.toString("utf8", at, end));
        at = end + delimiter.length;
      }
      return { lines, areMeasured: false };
    }
    // One string for the whole chunk, cut up, costs less than decoding line by line.
    const whole = body.toString("utf8", 0, body.length - delimiter.length);
    const lines = whole.split(text);
    if (takesCarriageReturn && whole.includes("\r")) {
      for (let at = 0; at < lines.length; at++) lines[at] = withoutReturn(lines[at] as string);
      return { lines, areMeasured: false };
    }
    // No unit of a string is less than a byte in UTF-8.
    return { lines, areMeasured: whole.length === body.length - delimiter.length };
  }

  #decodeCarried(rest: Buffer): string {
    const { bytes: delimiter, takesCarriageReturn } = this.#delimiter;
    const bytes = Buffer.concat([...this.#carry, rest]);
    const line = decode(bytes.subarray(0, bytes.length - delimiter.length));
    return takesCarriageReturn ? withoutReturn(line) : line;
  }

  /** Adds a copy of `bytes` to what is carried. */
  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#carry.push(Buffer.from(bytes));
    this.#carryLength += bytes.length;
    if (this.#skipping) {
      const last = this.#lastCarried(this.#delimiter.bytes.length - 1);
      this.#carry = [last];
      this.#carryLength = last.length;
    }
  }

  /** Up to `count` of the last bytes carried. */
  #lastCarried(count: number): Buffer {
    const parts: Buffer[] = [];
    let missing = count;
    for (let at = this.#carry.length - 1; at >= 0 && missing > 0; at--) {
      const part = this.#carry[at] as Buffer;
      parts.unshift(part.subarray(Math.max(0, part.length - missing)));
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }
}

function decode(bytes: Buffer): string {
  if (bytes.length > constants.MAX_STRING_LENGTH) {
    throw new GirderError("malformed-data", `A line of ${bytes.length} bytes is longer than a string can be.`, {
      remedy: "Check that the file is text, and give the delimiter that it uses.",
    });
  }
  return bytes.toString("utf8");
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}

/** The line without a byte order mark, if it is the first of the file. */
function withoutMark(line: string, offset: number): string {
  return offset === 0 && line.startsWith("\uFEFF") ? line.slice(1) : line;
}

import { GirderError } from "../../../portability/errors.js";
import type { SyncChunks } from "../filesystem/file-system.js";
import { type Delimiter, toDelimiter } from "./delimiter.js";
import type { LineBatch } from "./line-batch.js";
import { LineSplitter } from "./line-splitter.js";

/** How a file is divided into lines. */
export interface LineOptions {
  /** What ends a line, text or bytes. Default a line feed, with or without a carriage return before it. */
  readonly delimiter?: string | Uint8Array;
  /** Number of lines at the beginning of the file to leave out. Default 0. */
  readonly skipHeaderLines?: number;
}

/** The part of a file, in bytes, whose lines are wanted: those that begin in [start, end). */
export interface OffsetRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the lines that begin in a range of a file, without promises. See {@link LineSplitter} for which lines those are,
 * and the offsets of {@link LineBatch} for claiming them one by one.
 *
 * @example
 * ```ts
 * const reader = new LineReader((from) => files.openSync(path, { start: from }), { start: 0, end: 1000 });
 * for (let batch = reader.next(); batch !== undefined; batch = reader.next()) use(batch.lines);
 * reader.close();
 * ```
 */
export class LineReader {
  readonly #open: (from: number) => SyncChunks;
  readonly #range: OffsetRange;
  readonly #delimiter: Delimiter;
  readonly #headerLines: number;
  #chunks: SyncChunks | undefined;
  #splitter: LineSplitter | undefined;
  #finished = false;

  /**
   * @param open gives the file's bytes from an offset on to the file's end, not the range's: the last line may reach
   * beyond.
   * @throws GirderError `invalid-argument` for a delimiter or number of header lines that is none.
   */
  constructor(open: (from: number) => SyncChunks, range: OffsetRange, options: LineOptions = {}) {
    this.#open = open;
    this.#range = range;
    this.#delimiter = toDelimiter(options.delimiter);
    this.#headerLines = requireHeaderLines(options);
  }

  /** The next lines, undefined after the last. Its offsets may be asked for until the next call. */
  next(): LineBatch | undefined {
    while (!this.#finished) {
      this.#splitter ??= new LineSplitter(this.#delimiter, this.#rangeAfterHeader());
      if (this.#splitter.done) {
        this.close();
        break;
      }
      this.#chunks ??= this.#open(this.#splitter.from);
      const chunk = this.#chunks.read();
      const batch = chunk === undefined ? this.#splitter.finish() : this.#splitter.push(chunk);
      if (chunk === undefined) this.close();
      if (batch !== undefined) return batch;
    }
    return undefined;
  }

  /** Gives up the file. There are no more lines then. */
  close(): void {
    this.#finished = true;
    this.#chunks?.close();
    this.#chunks = undefined;
  }

  /** The range without the header, which every range must look for at the beginning of the file. */
  #rangeAfterHeader(): OffsetRange & { readonly startsLine?: boolean } {
    if (this.#headerLines === 0) return this.#range;
    const headerEnd = this.#findHeaderEnd();
    return headerEnd < this.#range.start ? this.#range : { start: headerEnd, end: this.#range.end, startsLine: true };
  }

  /** Where the first line after the header begins. */
  #findHeaderEnd(): number {
    const splitter = new LineSplitter(this.#delimiter);
    const chunks = this.#open(0);
    try {
      let left = this.#headerLines;
      for (let chunk = chunks.read(); chunk !== undefined; chunk = chunks.read()) {
        const batch = splitter.push(chunk);
        if (batch === undefined) continue;
        if (left < batch.lines.length) return batch.offsets()[left] as number;
        left -= batch.lines.length;
        if (left === 0) return batch.endOffset;
      }
      return Infinity;
    } finally {
      chunks.close();
    }
  }
}

/**
 * The lines of a whole file that can only be streamed, such as a compressed one. Offsets count the bytes of the stream.
 *
 * @throws GirderError `invalid-argument` for a delimiter or number of header lines that is none.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  options: LineOptions = {},
): AsyncGenerator<LineBatch, void, undefined> {
  const splitter = new LineSplitter(toDelimiter(options.delimiter));
  let header = requireHeaderLines(options);
  const withoutHeader = (batch: LineBatch | undefined): LineBatch | undefined => {
    if (batch === undefined || header === 0) return batch;
    const dropped = Math.min(header, batch.lines.length);
    header -= dropped;
    return batch.drop(dropped);
  };
  for await (const chunk of chunks) {
    const batch = withoutHeader(splitter.push(chunk));
    if (batch !== undefined) yield batch;
  }
  const last = withoutHeader(splitter.finish());
  if (last !== undefined) yield last;
}

function requireHeaderLines({ skipHeaderLines = 0 }: LineOptions): number {
  if (Number.isSafeInteger(skipHeaderLines) && skipHeaderLines >= 0) return skipHeaderLines;
  throw new GirderError("invalid-argument", `${skipHeaderLines} is not a number of header lines.`, {
    remedy: "Give a whole number, 0 or more.",
  });
}

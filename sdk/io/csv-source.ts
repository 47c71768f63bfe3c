/** Reads records of CSV files. */
import { Readable } from "node:stream";
import { CsvError, type Options, parse } from "csv-parse";
import { GirderError, messageOf } from "../../portability/errors.js";
import type { OffsetRange } from "../splittable/offset-range-tracker.js";
import type { ProcessContinuation } from "../splittable/process-continuation.js";
import type { RestrictionTracker } from "../splittable/restriction-tracker.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { fileSystemFor } from "./filesystem/index.js";
import { decompress } from "./lines/index.js";
import { located } from "./located.js";
import type { SourceFile } from "./match-files.js";
import { ResumableStreams, StreamTracker } from "./resumable-streams.js";

/** Records passed on together. */
const RECORDS_IN_BATCH = 256;

/**
 * Reads a file from the beginning to the end: where a quoted field may hold line feeds, nobody can tell from the middle of a
 * file where a record begins. Positions are numbers of records.
 */
export class CsvSource<T> implements SplittableDoFn<SourceFile, T> {
  readonly #transform: string;
  readonly #options: Options;
  readonly #streams = new ResumableStreams<T>((file) => this.#records(file));

  constructor(transform: string, options: Options) {
    this.#transform = transform;
    this.#options = options;
  }

  initialRestriction(): OffsetRange {
    return { from: 0, to: Number.MAX_SAFE_INTEGER };
  }

  size(file: SourceFile): number {
    return file.size;
  }

  newTracker(_: SourceFile, range: OffsetRange): StreamTracker {
    return new StreamTracker(range);
  }

  process(
    file: SourceFile,
    tracker: RestrictionTracker<OffsetRange, number>,
    output: (record: T) => void,
  ): ProcessContinuation {
    return this.#streams.read(file, tracker, output);
  }

  async *#records({ path, compression }: SourceFile): AsyncGenerator<readonly T[]> {
    const bytes = Readable.from(decompress(fileSystemFor(path).open(path), compression, path));
    const parser = parse(this.#options);
    // A file that cannot be read ends the parser, which then throws below.
    bytes.on("error", (cause) => parser.destroy(cause));
    try {
      let batch: T[] = [];
      for await (const record of bytes.pipe(parser)) {
        batch.push(record as T);
        if (batch.length < RECORDS_IN_BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
    } catch (thrown) {
      throw located(thrown instanceof CsvError ? malformed(thrown, path) : thrown, this.#transform);
    } finally {
      bytes.destroy();
      parser.destroy();
    }
  }

  async teardown(): Promise<void> {
    await this.#streams.close();
  }
}

function malformed(cause: CsvError, path: string): GirderError {
  return new GirderError("malformed-data", `The file is not CSV as expected: ${messageOf(cause)}.`, {
    where: path,
    remedy: "Check delimiter and quotes, and that each record has as many fields as the header.",
    cause,
  });
}

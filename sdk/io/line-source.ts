/** Reads lines of files, part by part. */
import { GirderError } from "../../portability/errors.js";
import { type OffsetRange, OffsetRangeTracker } from "../splittable/offset-range-tracker.js";
import { type ProcessContinuation, stop } from "../splittable/process-continuation.js";
import type { RestrictionTracker } from "../splittable/restriction-tracker.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { ClaimPace } from "./claim-pace.js";
import { type FileSystem, fileSystemFor } from "./filesystem/index.js";
import { decompress, type LineBatch, type LineOptions, LineReader, readLines } from "./lines/index.js";
import { located } from "./located.js";
import type { SourceFile } from "./match-files.js";
import { ResumableStreams, StreamTracker } from "./resumable-streams.js";

/** 64 MiB: parts large enough that opening them costs nothing, small enough to be spread. */
const DESIRED_BUNDLE_SIZE = 64 * 1024 * 1024;

/** How lines are read. */
export interface LineSourceOptions extends LineOptions {
  /** Bytes in each of the parts that a file is divided into to begin with. Default 64 MiB. */
  readonly desiredBundleSize?: number;
}

/** Makes an element of a line of the file `path`; undefined passes over the line. */
export type MakeElement<T> = (line: string, path: string) => T | undefined;

/**
 * Reads lines. A plain file is divided into ranges of bytes; a line belongs to the range in which it begins. Lines are
 * claimed by the hundred or thousand, see {@link ClaimPace}. A compressed file, and one whose file system cannot read without
 * promises, is read from the beginning to the end, line by line claimed by its number.
 */
export class LineSource<T> implements SplittableDoFn<SourceFile, T> {
  readonly #options: LineSourceOptions;
  readonly #make: MakeElement<T> | undefined;
  readonly #transform: string;
  readonly #pace = new ClaimPace();
  readonly #streams = new ResumableStreams<string>((file) => this.#readLines(file));
  readonly #desiredBundleSize: number;

  /**
   * @param make what each line becomes; undefined: itself.
   * @throws GirderError `invalid-argument` for options that are none.
   */
  constructor(transform: string, options: LineSourceOptions, make: MakeElement<T> | undefined) {
    const { desiredBundleSize = DESIRED_BUNDLE_SIZE } = options;
    if (!(desiredBundleSize >= 1)) {
      throw new GirderError("invalid-argument", `${desiredBundleSize} bytes is no size for a part of a file.`, {
        where: transform,
        remedy: "Give desiredBundleSize a number of bytes, 1 or more.",
      });
    }
    try {
      // Checks the other options, now instead of when the pipeline runs.
      new LineReader(() => nothing, { start: 0, end: 0 }, options);
    } catch (thrown) {
      throw located(thrown, transform);
    }
    this.#transform = transform;
    this.#options = options;
    this.#make = make;
    this.#desiredBundleSize = Math.floor(desiredBundleSize);
  }

  initialRestriction(file: SourceFile): OffsetRange {
    return { from: 0, to: readInParts(file) ? file.size : Number.MAX_SAFE_INTEGER };
  }

  *split(file: SourceFile, { from, to }: OffsetRange): Generator<OffsetRange> {
    const step = readInParts(file) ? this.#desiredBundleSize : to;
    for (let start = from; start < to; start += step) yield { from: start, to: Math.min(to, start + step) };
  }

  size(file: SourceFile, { from, to }: OffsetRange): number {
    return readInParts(file) ? to - from : file.size;
  }

  newTracker(file: SourceFile, range: OffsetRange): OffsetRangeTracker {
    return readInParts(file) ? new OffsetRangeTracker(range) : new StreamTracker(range);
  }

  process(
    file: SourceFile,
    tracker: RestrictionTracker<OffsetRange, number>,
    output: (value: T) => void,
  ): ProcessContinuation {
    const { path } = file;
    const emit = this.#emitter(path, output);
    if (!readInParts(file)) return this.#streams.read(file, tracker, emit);
    const files = fileSystemFor(path) as Required<FileSystem>;
    const { from: start, to: end } = tracker.currentRestriction();
    const reader = new LineReader((from) => files.openSync(path, { start: from }), { start, end }, this.#options);
    try {
      for (let batch = this.#next(reader); batch !== undefined; batch = this.#next(reader)) {
        if (!this.#output(batch, tracker, emit)) return stop();
      }
      // No further line begins in the range.
      tracker.tryClaim(Number.POSITIVE_INFINITY);
      return stop();
    } finally {
      reader.close();
    }
  }

  /** Takes lines and outputs what they become. */
  #emitter(path: string, output: (value: T) => void): (line: string) => void {
    const make = this.#make;
    if (make === undefined) return output as (value: unknown) => void;
    return (line) => {
      let value: T | undefined;
      try {
        value = make(line, path);
      } catch (thrown) {
        throw located(thrown, this.#transform);
      }
      if (value !== undefined) output(value);
    };
  }

  /** Reads, naming this transform in errors; errors of what follows in the stage name their own. */
  #next(reader: LineReader): LineBatch | undefined {
    try {
      return reader.next();
    } catch (thrown) {
      throw located(thrown, this.#transform);
    }
  }

  /** Claims and passes on the lines of a batch; false when the bundle is at its end. */
  #output(batch: LineBatch, tracker: RestrictionTracker<OffsetRange, number>, emit: (line: string) => void): boolean {
    const { lines } = batch;
    const pace = this.#pace;
    for (let i = 0; i < lines.length; ) {
      const end = Math.min(lines.length, i + pace.elements);
      const last = end === lines.length ? batch.lastOffset : (batch.offsets()[end - 1] as number);
      if (!tracker.tryClaim(last, end - i)) return false;
      pace.begin();
      for (let at = i; at < end; at++) emit(lines[at] as string);
      pace.end(end - i);
      i = end;
    }
    return true;
  }

  async *#readLines({ path, compression }: SourceFile): AsyncGenerator<readonly string[]> {
    try {
      const bytes = decompress(fileSystemFor(path).open(path), compression, path);
      for await (const { lines } of readLines(bytes, this.#options)) yield lines;
    } catch (thrown) {
      throw located(thrown, this.#transform);
    }
  }

  async teardown(): Promise<void> {
    await this.#streams.close();
  }
}

const nothing = { read: () => undefined, close: () => {} };

function readInParts({ path, compression }: SourceFile): boolean {
  return compression === "none" && fileSystemFor(path).openSync !== undefined;
}

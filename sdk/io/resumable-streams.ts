/** Files that can only be read from the beginning to the end, in bundles of bounded length all the same. */
import type { OffsetRangeTracker } from "../splittable/restriction-tracker.js";
import { ClaimPace } from "./claim-pace.js";
import type { SourceFile } from "./match-files.js";

/** Streams kept open between bundles, at most. */
const MOST_OPEN = 16;
/**
 * Items passed on at a time, at most. What is behind an asynchronous source is worked off after its items have been read, so their
 * number bounds both memory and the time that follows.
 */
const ITEMS_AT_A_TIME = 4096;

/** A stream that has been read up to an item. */
interface OpenStream<T> {
  readonly batches: AsyncIterator<readonly T[]>;
  /** Read but not claimed yet. */
  readonly pending: readonly T[];
}

/**
 * Reads streams of items whose positions are their numbers, from 0. A bundle that ends before its stream leaves it open for
 * the bundle that goes on. If that one is run somewhere else, or run again after a failure, it opens the stream anew and
 * skips what has been done.
 */
export class ResumableStreams<T> {
  readonly #open: (file: SourceFile) => AsyncIterable<readonly T[]>;
  readonly #streams = new Map<string, OpenStream<T>>();
  readonly #pace = new ClaimPace();

  /** @param open the items of a file in batches, always the same ones in the same order. */
  constructor(open: (file: SourceFile) => AsyncIterable<readonly T[]>) {
    this.#open = open;
  }

  /** Passes the items of a tracker's range to `output`. Yields nothing; does nothing before it is iterated. */
  read(file: SourceFile, tracker: OffsetRangeTracker, output: (item: T) => void): AsyncIterable<never> {
    const next = async (): Promise<IteratorReturnResult<undefined>> => {
      await this.#pass(file, tracker, output);
      return { done: true, value: undefined };
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  async #pass(file: SourceFile, tracker: OffsetRangeTracker, output: (item: T) => void): Promise<void> {
    let position = tracker.range.from;
    const { batches, pending } = await this.#at(file, position);
    let batch = pending;
    let kept = false;
    let count = 0;
    try {
      for (;;) {
        for (let i = 0; i < batch.length; ) {
          const end = Math.min(batch.length, i + this.#pace.elements);
          if (count >= ITEMS_AT_A_TIME) tracker.defer();
          if (!tracker.tryClaim(position + end - i - 1, end - i)) {
            kept = tracker.residual !== undefined;
            if (kept) await this.#keep(file, position, { batches, pending: batch.slice(i) });
            return;
          }
          this.#pace.begin();
          for (let at = i; at < end; at++) output(batch[at] as T);
          this.#pace.end(end - i);
          position += end - i;
          count += end - i;
          i = end;
        }
        const next = await batches.next();
        if (next.done) return;
        batch = next.value;
      }
    } finally {
      if (!kept) await batches.return?.();
    }
  }

  /** The stream of a file from an item on: one that was left there, or a new one. */
  async #at(file: SourceFile, position: number): Promise<OpenStream<T>> {
    const key = keyOf(file, position);
    const left = this.#streams.get(key);
    this.#streams.delete(key);
    if (left !== undefined) return left;
    const batches = this.#open(file)[Symbol.asyncIterator]();
    for (let toSkip = position; toSkip > 0; ) {
      const next = await batches.next();
      if (next.done) break;
      if (next.value.length > toSkip) return { batches, pending: next.value.slice(toSkip) };
      toSkip -= next.value.length;
    }
    return { batches, pending: [] };
  }

  async #keep(file: SourceFile, position: number, stream: OpenStream<T>): Promise<void> {
    const key = keyOf(file, position);
    const replaced = this.#streams.get(key);
    this.#streams.set(key, stream);
    await replaced?.batches.return?.();
    const [oldest] = this.#streams;
    if (this.#streams.size <= MOST_OPEN || oldest === undefined) return;
    this.#streams.delete(oldest[0]);
    await oldest[1].batches.return?.();
  }

  /** Gives up all streams that were left open. */
  async close(): Promise<void> {
    const left = [...this.#streams.values()];
    this.#streams.clear();
    for (const { batches } of left) await batches.return?.();
  }
}

function keyOf({ path }: SourceFile, position: number): string {
  return `${position} ${path}`;
}

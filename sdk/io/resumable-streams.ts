/** Files that can only be read from the beginning to the end, in bundles of bounded length all the same. */
import { type OffsetRange, OffsetRangeTracker } from "../splittable/offset-range-tracker.js";
import { type ProcessContinuation, resume, stop } from "../splittable/process-continuation.js";
import type { RestrictionTracker, SplitRestriction } from "../splittable/restriction-tracker.js";
import { ClaimPace } from "./claim-pace.js";
import type { SourceFile } from "./match-files.js";
import { Prefetched } from "./prefetched.js";

/** Streams kept open between bundles, at most. */
const MOST_OPEN = 16;
/** How often in a row a stream may have nothing ready before it is left alone for a while. */
const PATIENCE = 100;
/** That while, in ms. */
const PAUSE = 2;

/** Tracks a stream, which can be left where it is and divided nowhere: nobody else finds a place in the middle of it sooner. */
export class StreamTracker extends OffsetRangeTracker {
  override trySplit(fractionOfRemainder: number): SplitRestriction<OffsetRange> | undefined {
    return fractionOfRemainder <= 0 ? super.trySplit(0) : undefined;
  }
}

/** A stream that has been read up to an item. */
interface OpenStream<T> {
  readonly batches: Prefetched<readonly T[]>;
  /** Read but not claimed yet. */
  pending: readonly T[];
  /** Items still to be skipped, which other bundles have done. */
  toSkip: number;
  /** How often in a row nothing was ready. */
  waited: number;
}

/**
 * Reads streams of items whose positions are their numbers, from 0, without promises: what follows in the stage need not
 * wait for each item. Where nothing is ready, the rest is left for later.
 *
 * A bundle that ends before its stream leaves it open for the bundle that goes on. If that one is run somewhere else, or
 * run again after a failure, it opens the stream anew and skips what has been done.
 */
export class ResumableStreams<T> {
  readonly #open: (file: SourceFile) => AsyncIterable<readonly T[]>;
  readonly #streams = new Map<string, OpenStream<T>>();
  /** Streams being closed, whose end is waited for at the very end only. */
  readonly #closing = new Set<Promise<void>>();
  readonly #pace = new ClaimPace();

  /** @param open the items of a file in batches, always the same ones in the same order. */
  constructor(open: (file: SourceFile) => AsyncIterable<readonly T[]>) {
    this.#open = open;
  }

  /** Passes the items of a tracker's range to `output`. Returns what `process` returns: whether it goes on. */
  read(
    file: SourceFile,
    tracker: RestrictionTracker<OffsetRange, number>,
    output: (item: T) => void,
  ): ProcessContinuation {
    let position = tracker.currentRestriction().from;
    const stream = this.#at(file, position);
    for (;;) {
      const { pending } = stream;
      const done = this.#passOn(pending, position, tracker, output);
      position += done;
      stream.pending = pending.slice(done);
      if (stream.pending.length > 0) {
        this.#leave(file, position, stream);
        return stop();
      }
      const next = stream.batches.take();
      if (next.state === "ended") {
        // A bundle may be at its end just there: then another one finds that nothing is left.
        if (!tracker.tryClaim(Number.POSITIVE_INFINITY)) this.#leave(file, position, stream);
        return stop();
      }
      if (next.state === "waiting") {
        this.#leave(file, position, stream);
        return resume({ delay: stream.waited++ < PATIENCE ? 0 : PAUSE });
      }
      stream.waited = 0;
      stream.pending = stream.toSkip === 0 ? next.batch : next.batch.slice(stream.toSkip);
      stream.toSkip -= next.batch.length - stream.pending.length;
    }
  }

  /** Claims and outputs items; returns how many before the bundle was at its end. */
  #passOn(
    items: readonly T[],
    position: number,
    tracker: RestrictionTracker<OffsetRange, number>,
    output: (item: T) => void,
  ): number {
    const pace = this.#pace;
    let done = 0;
    while (done < items.length) {
      const end = Math.min(items.length, done + pace.elements);
      if (!tracker.tryClaim(position + end - 1, end - done)) break;
      pace.begin();
      for (let at = done; at < end; at++) output(items[at] as T);
      pace.end(end - done);
      done = end;
    }
    return done;
  }

  /** The stream of a file from an item on: one that was left there, or a new one. */
  #at(file: SourceFile, position: number): OpenStream<T> {
    const key = keyOf(file, position);
    const left = this.#streams.get(key);
    this.#streams.delete(key);
    return left ?? { batches: new Prefetched(this.#open(file)), pending: [], toSkip: position, waited: 0 };
  }

  #leave(file: SourceFile, position: number, stream: OpenStream<T>): void {
    const key = keyOf(file, position);
    const replaced = this.#streams.get(key);
    if (replaced !== undefined) this.#giveUp(replaced);
    this.#streams.set(key, stream);
    const [oldest] = this.#streams;
    if (this.#streams.size <= MOST_OPEN || oldest === undefined) return;
    this.#streams.delete(oldest[0]);
    this.#giveUp(oldest[1]);
  }

  #giveUp({ batches }: OpenStream<T>): void {
    // Whatever its end throws concerns nobody any more.
    const closing = batches.close().catch(() => {});
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
  }

  /** Gives up all streams that were left open. */
  async close(): Promise<void> {
    for (const stream of this.#streams.values()) this.#giveUp(stream);
    this.#streams.clear();
    await Promise.all(this.#closing);
  }
}

function keyOf({ path }: SourceFile, position: number): string {
  return `${position} ${path}`;
}

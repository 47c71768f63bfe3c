/**
 * Sources as an author writes them: how the data is divided into parts, and how a part is read, element by element.
 */
import type { Instant } from "../../portability/execution/time.js";

/**
 * Reads the elements of one part, one after the other. What it returns a promise for is awaited; a reader of which nothing is
 * asynchronous is faster.
 *
 * @typeParam M A mark: see {@link checkpoint}.
 */
export interface SourceReader<T, M = unknown> {
  /** Goes to the first element. False: there is none; of a source that never ends, none yet. */
  start(): boolean | PromiseLike<boolean>;
  /** Goes to the next element. False: there is none; of a source that never ends, none yet. */
  advance(): boolean | PromiseLike<boolean>;
  /** The element that it has come to. Is asked for once. */
  current(): T;
  /** The element's timestamp, in ms. Default: the beginning of time. */
  timestamp?(): Instant;
  /**
   * Nothing that comes later has a timestamp earlier than this (ms). It is asked for whenever reading pauses, also when there
   * are no elements. To be there where a source never ends; otherwise nobody asks.
   */
  watermark?(): Instant;
  /**
   * A mark after all elements that have been {@link current} so far: another reader, opened with it, goes on from there. It is
   * plain data. It may be asked for while `start` or `advance` is pending. Default, for sources that end: what has been read
   * is counted, and passed over by whoever goes on.
   */
  checkpoint?(): M;
  /** How much there is still to be read, in the unit of {@link Source.size}. Default: nobody knows. */
  backlog?(): number;
  close?(): void | PromiseLike<void>;
}

/**
 * Data that is read in parts.
 *
 * ```ts
 * class Pages implements Source<Row, number> {
 *   async split() {
 *     return range(await countPages());
 *   }
 *   open(page: number) {
 *     return new PageReader(page); // start, advance, current
 *   }
 * }
 * root.apply(read(new Pages()));
 * ```
 *
 * @typeParam S A part: plain data that says which one it is.
 * @typeParam M A mark: plain data that says how far in a part.
 */
export interface Source<T, S, M = unknown> {
  /** Whether all parts come to an end. Default true. Readers of a source that does not need `watermark` and `checkpoint`. */
  readonly bounded?: boolean;
  /**
   * The parts, disjoint and complete. They are read independently of each other, in no order.
   *
   * @param desiredParts About how many are wanted.
   */
  split(desiredParts: number): Iterable<S> | AsyncIterable<S> | PromiseLike<Iterable<S> | AsyncIterable<S>>;
  /** How much a part is, in any unit. Default 1. */
  size?(part: S): number;
  /** Opens a part, from its beginning or from a mark. Nothing is to be read before {@link SourceReader.start}. */
  open(part: S, mark: M | undefined): SourceReader<T, M>;
  /**
   * Is told that all elements before a mark have been taken over for good: they may be acknowledged where they come from. It is
   * called when a bundle was committed; not for each mark, and not if the process ends just then.
   */
  finalize?(part: S, mark: M): void | PromiseLike<void>;
}

/** DoFns whose work on one element can be divided. */
import type { Coder } from "../../portability/coders/index.js";
import type { Instant } from "../../portability/execution/time.js";
import type { Context, Resolved } from "../pipeline/context.js";
import type { OffsetRange } from "./offset-range-tracker.js";
import type { ProcessContinuation } from "./process-continuation.js";
import type { RestrictionTracker } from "./restriction-tracker.js";
import type { TimestampedValue } from "./timestamped-value.js";
import type { WatermarkEstimator, WatermarkEstimators } from "./watermark-estimator.js";

/** Outputs a value; with a timestamp (ms) of its own, or with that of the element. */
export type Output<O> = (value: O, timestamp?: Instant) => void;

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has type void.
type End = ProcessContinuation | void;

/** What `process` may return beside what it has passed to `output`: outputs, and whether it goes on. */
export type SplittableOutputs<O> =
  | End
  | Iterable<O | TimestampedValue<O>, End>
  | AsyncIterable<O | TimestampedValue<O>, End>
  | PromiseLike<End | Iterable<O | TimestampedValue<O>, End> | AsyncIterable<O | TimestampedValue<O>, End>>;

/** What `process` may ask for: what the transform was given as its context, and its watermark estimator. */
export type SplittableContext<W, C extends Context = Context> = Resolved<C> & { readonly watermark: W };

/** Any splittable DoFn, of which nothing is known but its form. */
// biome-ignore lint/suspicious/noExplicitAny: types of parameters that only the DoFn itself knows.
export type AnySplittable = SplittableDoFn<any, unknown, any, any, any, any>;

/**
 * A DoFn over elements so large that they are worked off in parts: files by ranges of bytes, sequences by ranges of
 * numbers, topics that never end by positions.
 *
 * ```ts
 * const numbersBelow: SplittableDoFn<number, number> = {
 *   initialRestriction: (limit) => ({ from: 0, to: limit }),
 *   process(limit, tracker, output) {
 *     for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(i);
 *   },
 * };
 * numbers.apply(splittable("Below", numbersBelow));
 * ```
 *
 * A part is a restriction `R`; `process` claims each position `P` from the tracker before it works on it, until a claim is
 * refused. Bundles end when their time is over: what was not claimed by then is processed by a later call. An element's
 * parts may be processed at the same time, and a part again if its bundle is lost.
 *
 * `initialRestriction`, `split`, `size`, `newTracker` and `truncate` may be called on other machines than `process`, and
 * before `setup`.
 *
 * @typeParam W What {@link watermark} makes: the type of `context.watermark`.
 */
export interface SplittableDoFn<I, O, R = OffsetRange, P = number, W = unknown, C extends Context = Context> {
  /**
   * Whether the work on every element comes to an end. Default true. If not, the output is an unbounded PCollection.
   */
  readonly bounded?: boolean;
  /** All the work of an element: plain data, or what {@link restrictionCoder} writes. */
  initialRestriction(element: I): R | PromiseLike<R>;
  /** The parts to begin with, disjoint and complete. Default: one part, which is split further when a bundle ends. */
  split?(element: I, restriction: R): Iterable<R> | AsyncIterable<R> | PromiseLike<Iterable<R> | AsyncIterable<R>>;
  /**
   * How much work (any unit, the same for all parts) a restriction is. Default: what its tracker says remains of it, which
   * for ranges is their length; 1 for what has no end.
   */
  size?(element: I, restriction: R): number;
  /** How restrictions are written as bytes. Default: as any JavaScript value. */
  readonly restrictionCoder?: Coder<R>;
  /** A tracker of a restriction. Default, where restrictions are {@link OffsetRange}s: an `OffsetRangeTracker`. */
  newTracker?(element: I, restriction: R): RestrictionTracker<R, P>;
  /**
   * How the watermark of the outputs is known: `manualWatermark()`, `monotonicWatermark()`, `wallTimeWatermark()`, or the
   * author's own. Default: it waits at the element's timestamp until all work on the element is done.
   */
  readonly watermark?: WatermarkEstimators<W & WatermarkEstimator>;
  /**
   * Does the work of a restriction: claims, outputs, and returns `resume()` if it is to go on later with what it has not
   * claimed. Outputs are passed to `output`, or returned or yielded like those of any other DoFn, with
   * `timestamped(value, timestamp)` where they have timestamps of their own.
   *
   * What is asynchronous is best returned as an async iterable, which does nothing before it is asked to: in a stage that has
   * not awaited anything so far, it is thrown away and `process` is called again.
   */
  process(
    element: I,
    tracker: RestrictionTracker<R, P>,
    output: Output<O>,
    context: SplittableContext<W, C>,
  ): SplittableOutputs<O>;
  /**
   * What is still to be done of a restriction when the pipeline is drained; undefined for nothing. Default: bounded
   * restrictions are done to their end, those without an end are dropped.
   */
  truncate?(element: I, restriction: R): R | undefined;
  /**
   * Is told that what came before the rest of a restriction has been taken over for good: the bundle that left the rest is
   * committed. It may be acknowledged where it comes from. Nothing waits for it, and it is not called if the process ends
   * just then.
   */
  finalize?(element: I, rest: R): void | PromiseLike<void>;
  /** Once, before `process` is called for the first time. */
  setup?(): void | Promise<void>;
  /** Before each bundle. */
  startBundle?(): void | Promise<void>;
  /** Once, after everything else, as far as the process lives that long. */
  teardown?(): void | Promise<void>;
}

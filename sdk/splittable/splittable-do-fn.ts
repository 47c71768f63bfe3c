/** DoFns whose work on one element can be divided. */
import type { Outputs } from "../pipeline/do-fn.js";
import type { OffsetRange, OffsetRangeTracker } from "./restriction-tracker.js";

/**
 * A DoFn over elements so large that they are worked off in parts: files by ranges of bytes, sequences by ranges of
 * numbers. A part is an {@link OffsetRange}; `process` claims each position from the tracker before it works on it.
 */
export interface SplittableDoFn<I, O> {
  /** All the work of an element. */
  initialRestriction(element: I): OffsetRange;
  /** The parts to begin with, disjoint and complete. Default: one part, which is split further when a bundle ends. */
  split?(element: I, restriction: OffsetRange): Iterable<OffsetRange>;
  /** How much work (any unit, the same for all parts) a restriction is. Default: its length. */
  size?(element: I, restriction: OffsetRange): number;
  /**
   * Outputs are passed to `output`, or returned like those of any other DoFn.
   *
   * What is asynchronous must be returned as an async iterable that does nothing before it is asked to: in a stage that
   * has not awaited anything so far, it is thrown away and `process` is called again.
   */
  process(element: I, tracker: OffsetRangeTracker, output: (value: O) => void): Outputs<O>;
  /** Once, after everything else, as far as the process lives that long. */
  teardown?(): void | Promise<void>;
}

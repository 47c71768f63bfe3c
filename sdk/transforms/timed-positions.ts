/** Sources whose elements are numbered, and due at certain times. */
import type { Instant } from "../../portability/execution/time.js";
import type { OffsetRange } from "../splittable/offset-range-tracker.js";
import { type ProcessContinuation, resume, stop } from "../splittable/process-continuation.js";
import type { RestrictionTracker } from "../splittable/restriction-tracker.js";
import type { Output, SplittableContext, SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { type ManualWatermark, manualWatermark } from "../splittable/watermark-estimator.js";
import { whole } from "../splittable/whole.js";

/** What is output of an element of type `I`, and when. */
export interface Timetable<I, O> {
  /** Whether the positions of every element come to an end. */
  readonly bounded: boolean;
  positions(element: I): OffsetRange;
  /** When a position is due, as processing time in ms. Later positions are not due earlier. Default: at once. */
  due?(element: I, position: number): Instant;
  /** The first position that is not due at `now`. To be there where `due` is. */
  firstNotDue?(element: I, now: Instant): number;
  /** When everything is over, whatever positions are left. Default: never. */
  end?(element: I): Instant;
  /** @param now Processing time, as it was not long ago. */
  output(element: I, position: number, now: Instant, output: Output<O>): void;
  /** No position from this one on has an earlier timestamp; undefined where nothing is known. */
  watermark?(element: I, position: number, now: Instant): Instant | undefined;
}

/** Positions between two looks at the clock. */
const CLOCK_INTERVAL = 64;

export class TimedPositions<I, O> implements SplittableDoFn<I, O, OffsetRange, number, ManualWatermark> {
  readonly bounded: boolean;
  readonly watermark = manualWatermark();

  /** @param now The clock, in ms. */
  constructor(
    readonly timetable: Timetable<I, O>,
    readonly now: () => Instant = Date.now,
  ) {
    this.bounded = timetable.bounded;
  }

  initialRestriction(element: I): OffsetRange {
    return this.timetable.positions(element);
  }

  process(
    element: I,
    tracker: RestrictionTracker<OffsetRange, number>,
    output: Output<O>,
    { watermark }: SplittableContext<ManualWatermark>,
  ): ProcessContinuation {
    const { timetable } = this;
    const { from, to } = tracker.currentRestriction();
    const over = timetable.end?.(element) ?? Number.POSITIVE_INFINITY;
    let now = this.now();
    let position = whole(from);
    const leave = (): void => {
      const known = timetable.watermark?.(element, position, now);
      if (known !== undefined && known > watermark.current()) watermark.set(known);
    };
    for (;;) {
      if (position >= to || now >= over) {
        tracker.tryClaim(Number.POSITIVE_INFINITY);
        return stop();
      }
      const next = timetable.due?.(element, position) ?? now;
      if (next > now) {
        leave();
        return resume({ delay: Math.min(next, over) - now });
      }
      const due = Math.max(position + 1, timetable.firstNotDue?.(element, now) ?? to);
      for (const end = Math.min(to, due, position + CLOCK_INTERVAL); position < end; position++) {
        if (!tracker.tryClaim(position)) {
          leave();
          return stop();
        }
        timetable.output(element, position, now, output);
      }
      now = this.now();
    }
  }
}

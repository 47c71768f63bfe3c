/**
 * What elements are made of and come with.
 *
 * @module girder/apache-beam/values
 */
import Long from "long";
import { GLOBAL_WINDOW_MAX_TIMESTAMP } from "../../portability/execution/time.js";
import { type LongLike, toLong } from "./adapt/instants.js";

/** A key and what belongs to it. */
export type KV<K, V> = { key: K; value: V };

/** Milliseconds since 1970. Wherever one is taken, a number or bigint is taken, too. */
export type Instant = Long;

/** Where in event time elements are. */
export interface Window {
  /** The last instant inside. */
  maxTimestamp(): Instant;
}

/** The one window over all of time. */
export class GlobalWindow implements Window {
  maxTimestamp(): Instant {
    return toLong(GLOBAL_WINDOW_MAX_TIMESTAMP);
  }
}

/** A half-open interval of event time. */
export class IntervalWindow implements Window {
  readonly start: Instant;
  readonly end: Instant;

  constructor(start: LongLike | number, end: LongLike | number) {
    this.start = Long.fromValue(start);
    this.end = Long.fromValue(end);
  }

  maxTimestamp(): Instant {
    return this.end.sub(1);
  }
}

/** Whether a firing came before the watermark passed the window's end, with it, or after it. */
export enum Timing {
  EARLY = "EARLY",
  ON_TIME = "ON_TIME",
  LATE = "LATE",
  UNKNOWN = "UNKNOWN",
}

/** Which firing of its window an element comes from. */
export interface PaneInfo {
  timing: Timing;
  index: number;
  onTimeIndex: number;
  isFirst: boolean;
  isLast: boolean;
}

/** An element with when and where it is, as `finishBundle` returns it. */
export interface WindowedValue<T> {
  value: T;
  windows: Array<Window>;
  pane: PaneInfo;
  timestamp: Instant;
}

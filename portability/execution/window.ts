/** Windows: where in event time a value belongs. */
import { GLOBAL_WINDOW_MAX_TIMESTAMP, type Instant } from "./time.js";

/** The only window of `beam:window_fn:global_windows:v1`. */
export class GlobalWindow {
  readonly maxTimestamp: Instant = GLOBAL_WINDOW_MAX_TIMESTAMP;
  toString(): string {
    return "GlobalWindow";
  }
}

/** The one instance of {@link GlobalWindow}. */
export const GLOBAL_WINDOW = new GlobalWindow();

/** A half-open interval of event time, `[start, end)`, both in ms. */
export class IntervalWindow {
  constructor(
    readonly start: Instant,
    readonly end: Instant,
  ) {}
  /** The last instant inside: `end − 1`. */
  get maxTimestamp(): Instant {
    return this.end - 1;
  }
  toString(): string {
    return `[${this.start}, ${this.end})`;
  }
}

/** A window whose coder this process does not know: its bytes and its last instant. */
export class OpaqueWindow {
  constructor(
    readonly encoded: Uint8Array,
    readonly maxTimestamp: Instant,
  ) {}
}

/** A window of any kind; custom windows need only say when they end. */
export interface BoundedWindow {
  /** The last instant that belongs to the window, in ms. */
  readonly maxTimestamp: Instant;
}

/**
 * A window as engine and harness share it: one object for each distinct window of a job, so that identity is equality.
 * Two windows are one if their encoded bytes are.
 */
export interface InternedWindow {
  readonly id: number;
  /** The encoded window, bytes as Latin-1. */
  readonly key: string;
  readonly maxTimestamp: Instant;
  /** The window itself. */
  readonly value: BoundedWindow;
}

import type { Instant } from "../../portability/execution/time.js";

/** An output with a timestamp of its own: see {@link timestamped}. */
export class TimestampedValue<out O> {
  constructor(
    readonly value: O,
    readonly timestamp: Instant,
  ) {}
}

/** An output with a timestamp (ms) of its own, for splittable DoFns that yield their outputs. */
export function timestamped<O>(value: O, timestamp: Instant): TimestampedValue<O> {
  return new TimestampedValue(value, timestamp);
}

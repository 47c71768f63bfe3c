/**
 * Watermark estimators: how a splittable DoFn knows that it will output nothing with an earlier timestamp any more.
 *
 * Without one, the watermark waits at the timestamp of the DoFn's element until the work on it is done. What an estimator
 * knows is kept beside the restriction, so that whoever goes on with the work goes on with it.
 */
import type { Coder } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { type Duration, type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../../portability/execution/time.js";

/** Estimates the watermark of what one restriction outputs. */
export interface WatermarkEstimator<S = unknown> {
  /** Nothing that is output later has a timestamp earlier than this (ms). It is late if it has. */
  current(): Instant;
  /** What an estimator that goes on from here must know: plain data. */
  state(): S;
  /** Is told the timestamp of each output. */
  observe?(timestamp: Instant): void;
}

/** Makes the watermark estimators of a splittable DoFn. */
export interface WatermarkEstimators<E extends WatermarkEstimator<S>, S = unknown> {
  /** What is known at first of a restriction of an element with this timestamp. */
  initialState(timestamp: Instant): S;
  /** An estimator that goes on from a state. */
  create(state: S): E;
  /** How states are written as bytes. Default: as any JavaScript value. */
  readonly coder?: Coder<S>;
}

/** A watermark that `process` sets itself. */
export class ManualWatermark implements WatermarkEstimator<Instant> {
  #watermark: Instant;

  constructor(watermark: Instant) {
    this.#watermark = watermark;
  }

  /**
   * Says that nothing with an earlier timestamp than `watermark` (ms) will be output.
   *
   * @throws GirderError `user-exception` where it goes back, or is no instant.
   */
  set(watermark: Instant): void {
    if (watermark === this.#watermark) return;
    if (!(watermark > this.#watermark)) {
      throw new GirderError("user-exception", `The watermark goes back from ${this.#watermark} to ${watermark}.`, {
        remedy: "What was promised once holds: set it only to what no later output comes before.",
      });
    }
    this.#watermark = Math.min(watermark, MAX_TIMESTAMP);
  }

  current(): Instant {
    return this.#watermark;
  }

  state(): Instant {
    return this.#watermark;
  }
}

class MonotonicWatermark implements WatermarkEstimator<Instant> {
  #latest: Instant;
  readonly #lag: Duration;

  constructor(latest: Instant, lag: Duration) {
    this.#latest = latest;
    this.#lag = lag;
  }

  observe(timestamp: Instant): void {
    if (timestamp > this.#latest) this.#latest = timestamp;
  }

  current(): Instant {
    return this.#lag === 0 ? this.#latest : plus(this.#latest, -this.#lag);
  }

  state(): Instant {
    return this.#latest;
  }
}

class WallTimeWatermark implements WatermarkEstimator<Instant> {
  #latest: Instant;
  readonly #now: () => Instant;

  constructor(latest: Instant, now: () => Instant) {
    this.#latest = latest;
    this.#now = now;
  }

  current(): Instant {
    // A clock that is set back does not take back what was said.
    this.#latest = Math.max(this.#latest, this.#now());
    return this.#latest;
  }

  state(): Instant {
    return this.current();
  }
}

/** `process` says itself how far event time has come: `watermark.set(instant)`. */
export function manualWatermark(): WatermarkEstimators<ManualWatermark, Instant> {
  return { initialState: (timestamp) => timestamp, create: (state) => new ManualWatermark(state) };
}

/**
 * Event time has come as far as the latest timestamp that was output.
 *
 * @param options `lag`: by how much (ms) outputs may be earlier than one before them. Default 0: they ascend, and one that
 * does not is late.
 * @throws GirderError `invalid-argument` for a negative lag.
 */
export function monotonicWatermark(
  options: { readonly lag?: Duration } = {},
): WatermarkEstimators<WatermarkEstimator<Instant>, Instant> {
  const { lag = 0 } = options;
  if (!(lag >= 0)) {
    throw new GirderError("invalid-argument", `A watermark cannot lag by ${lag} ms.`, {
      remedy: "Give a lag of 0 ms or more.",
    });
  }
  return { initialState: (timestamp) => timestamp, create: (state) => new MonotonicWatermark(state, lag) };
}

/**
 * Event time is what the clock says: for sources that output what happens when it happens.
 *
 * @param now The clock, in ms. Default: the machine's.
 */
export function wallTimeWatermark(
  now: () => Instant = Date.now,
): WatermarkEstimators<WatermarkEstimator<Instant>, Instant> {
  return { initialState: () => MIN_TIMESTAMP, create: (state) => new WallTimeWatermark(state, now) };
}

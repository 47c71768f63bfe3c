/** One call of a splittable DoFn's `process`: what it claims, outputs and leaves. */
import type { KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { Batch } from "../../portability/execution/batch.js";
import type { Residual } from "../../portability/execution/stage.js";
import { type Duration, type Instant, MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { GuardedTracker } from "../splittable/claim-guard.js";
import { ProcessContinuation } from "../splittable/process-continuation.js";
import type { Output } from "../splittable/splittable-do-fn.js";
import { TimestampedValue } from "../splittable/timestamped-value.js";
import type { WatermarkEstimator } from "../splittable/watermark-estimator.js";
import type { Cursor } from "./cursor.js";
import { checkedTimestamp, notIterable, promised } from "./inline-calls.js";
import { isPromise, PromiseReturned, type Receiver } from "./operator.js";
import { excerpt, userError } from "./user-error.js";

/** An element with a restriction and the state of its watermark estimator, null where there is none. */
export type Paired = KV<unknown, KV<unknown, unknown>>;
/** With its size, as `beam:transform:sdf_process_sized_element_and_restrictions:v1` takes it. */
export type Sized = KV<Paired, number>;

/** What a call is about. */
export interface CallOf {
  readonly transform: string;
  /** Index of the stage's input that the part comes from. */
  readonly input: number;
  readonly sized: Sized;
  readonly tracker: GuardedTracker<unknown, unknown>;
  readonly estimator: WatermarkEstimator | undefined;
  /** Gives a part of the call's element its size. */
  readonly resize: (restriction: unknown, state: unknown) => Sized;
  /** Whether the work on a restriction comes to an end. */
  readonly isBounded: (restriction: unknown) => boolean;
}

export class SplittableCall {
  readonly #cursor: Cursor;
  readonly #receive: Receiver;
  readonly #timestamp: Instant;
  readonly #windows: Cursor["windows"];
  readonly #pane: Cursor["pane"];

  constructor(
    readonly about: CallOf,
    cursor: Cursor,
    receive: Receiver,
  ) {
    this.#cursor = cursor;
    this.#receive = receive;
    this.#timestamp = cursor.timestamp;
    this.#windows = cursor.windows;
    this.#pane = cursor.pane;
  }

  /** The part as it was when the call began. */
  get sized(): Sized {
    return this.about.sized;
  }

  /** Share (0 to 1) of the part that is not yet done. */
  get remaining(): number {
    const { completed, remaining } = this.about.tracker.progress();
    if (remaining === Number.POSITIVE_INFINITY) return 1;
    const all = completed + remaining;
    return all > 0 ? Math.min(1, Math.max(0, remaining / all)) : 0;
  }

  /** What `process` outputs by. */
  get output(): Output<unknown> {
    const cursor = this.#cursor;
    const receive = this.#receive;
    const elements = this.#timestamp;
    const { transform, estimator } = this.about;
    if (estimator?.observe !== undefined) {
      return (value, timestamp) => {
        const at = timestamp === undefined ? elements : checkedTimestamp(timestamp, transform);
        estimator.observe!(at);
        cursor.timestamp = at;
        receive(value);
        cursor.timestamp = elements;
      };
    }
    return (value, timestamp) => {
      if (timestamp === undefined) {
        receive(value);
        return;
      }
      cursor.timestamp = checkedTimestamp(timestamp, transform);
      receive(value);
      cursor.timestamp = elements;
    };
  }

  /** Sends on what `process` returned, and leaves what it has not done. */
  settle(result: unknown, output: Output<unknown>, leave: (residual: Residual) => void): void | Promise<void> {
    if (result === undefined || result instanceof ProcessContinuation) {
      this.#end(result, leave);
      return;
    }
    if (isPromise(result)) {
      if (!this.#cursor.awaits) throw promised(result, this.about.transform);
      return Promise.resolve(result).then((settled) => this.settle(settled, output, leave));
    }
    const iterable = result as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null;
    if (iterable === null || typeof iterable !== "object") throw notIterable(result, this.about.transform);
    if (iterable[Symbol.asyncIterator] !== undefined && iterable[Symbol.iterator] === undefined) {
      if (!this.#cursor.awaits) throw new PromiseReturned(this.about.transform);
      return this.#awaitAll(iterable[Symbol.asyncIterator]!(), output).then((end) => this.#end(end, leave));
    }
    if (iterable[Symbol.iterator] === undefined) throw notIterable(result, this.about.transform);
    const iterator = iterable[Symbol.iterator]!();
    for (;;) {
      const next = iterator.next();
      if (next.done) {
        this.#end(next.value as unknown, leave);
        return;
      }
      emit(next.value, output);
    }
  }

  async #awaitAll(iterator: AsyncIterator<unknown>, output: Output<unknown>): Promise<unknown> {
    for (;;) {
      const next = await iterator.next();
      if (next.done) return next.value;
      emit(next.value, output);
    }
  }

  #end(continuation: unknown, leave: (residual: Residual) => void): void {
    const { tracker } = this.about;
    if (tracker.leftOver !== undefined) leave(this.residual(tracker.leftOver, 0));
    if (continuation instanceof ProcessContinuation && continuation.resumes) {
      const split = tracker.trySplit(0);
      if (split !== undefined) leave(this.residual(split.residual, continuation.delay));
    }
    tracker.checkDone();
  }

  /** Divides what is not done, as {@link RestrictionTracker.trySplit} does; the call goes on with the primary. */
  split(fraction: number): Residual | undefined {
    const split = this.about.tracker.trySplit(fraction);
    return split && this.residual(split.residual, 0);
  }

  /** The part less what was split off. */
  get primary(): Sized {
    const { tracker, sized, resize } = this.about;
    return resize(tracker.currentRestriction(), sized.key.value.value);
  }

  /** Work that is left for another call. */
  residual(restriction: unknown, delay: Duration): Residual {
    const { estimator, input, resize, isBounded } = this.about;
    const rest = resize(restriction, estimator === undefined ? null : estimator.state());
    return {
      input,
      batch: this.batch(rest),
      delay,
      bounded: isBounded(restriction),
      ...(estimator === undefined ? {} : { watermark: this.#watermark(estimator) }),
    };
  }

  #watermark(estimator: WatermarkEstimator): Instant {
    const watermark = estimator.current();
    if (Number.isNaN(watermark) || typeof watermark !== "number") {
      throw new GirderError("user-exception", `The watermark estimator says ${excerpt(watermark)}.`, {
        remedy: "A watermark is a number of milliseconds since 1970.",
      });
    }
    // Where it says less than what is known of the element, the element knows better.
    return Math.min(MAX_TIMESTAMP, Math.max(Math.floor(watermark), this.#timestamp));
  }

  /** A part at the place of the call's element. */
  batch(sized: Sized): Batch {
    const [timestamp, windows, pane] = [{ all: this.#timestamp }, { all: this.#windows }, { all: this.#pane }];
    return new Batch([sized], undefined, timestamp, windows, pane, PART_BYTES);
  }

  /** What `process` threw, with the place where it did. */
  failure(thrown: unknown): unknown {
    const { transform, sized } = this.about;
    return failureAt(transform, userError(thrown, transform, { value: sized.key.key }), sized.key.key);
  }
}

/** The error with the place where it happened, if it does not say one. */
export function failureAt(transform: string, thrown: unknown, element?: unknown): unknown {
  if (!(thrown instanceof GirderError) || thrown.where !== undefined) return thrown;
  const { code, what, remedy, cause } = thrown;
  const seen = thrown.element ?? (element === undefined ? undefined : excerpt(element));
  return new GirderError(code, what, {
    where: transform,
    ...(seen === undefined ? {} : { element: seen }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Estimated bytes of an element with a restriction. */
const PART_BYTES = 64;

function emit(value: unknown, output: Output<unknown>): void {
  if (value instanceof TimestampedValue) output(value.value, value.timestamp);
  else output(value);
}

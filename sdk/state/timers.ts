/**
 * Timers: a DoFn asks to be called for a key and window once event time or processing time has come to an instant.
 *
 * ```ts
 * pairs.parDo(
 *   {
 *     process({ value }, { seen, flush, at }) {
 *       seen.add(value);
 *       flush.set(at + minutes(1));
 *     },
 *     onTimer: {
 *       *flush({ key }, { seen }) {
 *         yield { key, values: seen.read() };
 *         seen.clear();
 *       },
 *     },
 *   },
 *   { seen: bagState<number>("seen"), flush: eventTimer("flush"), at: timestampParam() },
 * );
 * ```
 *
 * The callback of a timer is the function of `onTimer` under the name that the timer has in the context.
 */
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { TimeDomain } from "../../portability/execution/timer.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import { type Context, ContextParam } from "../pipeline/context.js";

/** What may be said about a timer beside when it fires. */
export interface TimerOptions {
  /**
   * The timestamp of what the callback outputs. The watermark waits for it, so that it is not late: not before the element's (or
   * the firing timer's own) timestamp, and for event time not after the timer itself. Default: for event time when it fires, for
   * processing time the element's timestamp.
   */
  readonly outputTimestamp?: Instant;
}

/** A timer that fires once the watermark has passed an instant. */
export interface EventTimer {
  /**
   * Sets it, in place of what it was set to before. One that the watermark has passed already fires at once.
   *
   * @param at ms of event time, until the window expires.
   */
  set(at: Instant, options?: TimerOptions): void;
  clear(): void;
}

/** A timer that fires once processing time has come to an instant. */
export interface ProcessingTimer {
  /** Sets it, in place of what it was set to before. @param at ms since 1970. */
  set(at: Instant, options?: TimerOptions): void;
  /** Sets it to so many ms from now. */
  setAfter(delay: Duration, options?: TimerOptions): void;
  clear(): void;
}

/** Any number of timers of one kind, told apart by tags. */
export interface TimerFamily<T> {
  get(tag: string): T;
}

/** A timer that has fired. */
export interface FiredTimer<K> {
  readonly key: K;
  readonly window: BoundedWindow;
  /** The timestamp of what the callback outputs, ms. */
  readonly timestamp: Instant;
  /** What it was set to: ms of its own time. */
  readonly fireTimestamp: Instant;
  /** Which one of its family; empty for a timer that is none of a family. */
  readonly tag: string;
}

/** A window that is over for a key: nothing more can come for it, and its state is about to be forgotten. */
export interface ExpiredWindow<K> {
  readonly key: K;
  readonly window: BoundedWindow;
  /** The timestamp of what the callback outputs: the window's last instant. */
  readonly timestamp: Instant;
}

/** A timer of the function whose context it stands in. */
export class TimerParam<out T> extends ContextParam<T> {
  /** Tells it from other parameters; has no value. */
  declare readonly _timer: true;

  constructor(
    /** What it is called in the pipeline; unique in its function. */
    readonly id: string,
    readonly domain: TimeDomain,
    readonly isFamily: boolean,
  ) {
    super();
  }
}

/** The names of the timers in a context. */
export type TimerNames<C extends Context> = {
  [N in keyof C]: C[N] extends TimerParam<unknown> ? N : never;
}[keyof C];

/** The names of the states and timers in a context. */
type KeyedNames<C extends Context> = {
  [N in keyof C]: C[N] extends { readonly _state: true } | { readonly _timer: true } ? N : never;
}[keyof C];

/** What a context must be beside itself: impossible, where it has state or timers and the elements have no keys. */
export type KeysFor<T, C extends Context> = [KeyedNames<C>] extends [never]
  ? unknown
  : [T] extends [{ readonly key: unknown; readonly value: unknown }]
    ? unknown
    : { readonly [N in KeyedNames<C>]: "State and timers are kept by key: the elements must be pairs { key, value }." };

/** A timer of event time, one for each key and window. @param id What it is called in the pipeline; unique in its function. */
export function eventTimer(id: string): TimerParam<EventTimer> {
  return new TimerParam(id, "event-time", false);
}

/** A timer of processing time, one for each key and window. See {@link eventTimer}. */
export function processingTimer(id: string): TimerParam<ProcessingTimer> {
  return new TimerParam(id, "processing-time", false);
}

/** Timers of event time, any number for each key and window. See {@link eventTimer}. */
export function eventTimers(id: string): TimerParam<TimerFamily<EventTimer>> {
  return new TimerParam(id, "event-time", true);
}

/** Timers of processing time, any number for each key and window. See {@link eventTimer}. */
export function processingTimers(id: string): TimerParam<TimerFamily<ProcessingTimer>> {
  return new TimerParam(id, "processing-time", true);
}

/** Asking again and again whether there is something new. */
import { GirderError } from "../../portability/errors.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import { type ProcessContinuation, resume, stop } from "../splittable/process-continuation.js";
import type { RestrictionTracker, SplitRestriction } from "../splittable/restriction-tracker.js";
import type { SplittableContext, SplittableDoFn } from "../splittable/splittable-do-fn.js";
import { type TimestampedValue, timestamped } from "../splittable/timestamped-value.js";
import { type ManualWatermark, manualWatermark } from "../splittable/watermark-estimator.js";

/** When watching began, and when something new was found last; both in ms since 1970. */
export interface WatchTimes {
  readonly begun: Instant;
  readonly found: Instant;
}

/** Says whether watching is over. It is asked after each look. */
export type UntilCondition = (times: WatchTimes, now: Instant) => boolean;

/** Watching ends when it has lasted so long (ms). */
export function afterTotalOf(duration: Duration): UntilCondition {
  return ({ begun }, now) => now - begun >= duration;
}

/** Watching ends when nothing new was found for so long (ms). */
export function afterTimeSinceNewOutput(duration: Duration): UntilCondition {
  return ({ found }, now) => now - found >= duration;
}

/** How something is watched. */
export interface WatchOptions {
  /** How long to wait before one looks again, in ms. */
  readonly interval: Duration;
  /** When it is over: {@link afterTotalOf}, {@link afterTimeSinceNewOutput}, or a function. Default: never. */
  readonly until?: UntilCondition;
  /** The clock, in ms since 1970. Default: the machine's. Tests bring their own. */
  readonly now?: () => Instant;
}

/** Something that was found. What has the same key and version is the same. */
export interface Found<O> {
  readonly key: string;
  readonly version: string | number;
  readonly value: O;
}

/** What is known of what has been found so far. */
interface WatchState {
  readonly seen: ReadonlyMap<string, string | number>;
  /** Undefined before the first look. */
  readonly times: WatchTimes | undefined;
  /** Nobody looks any more. */
  readonly over: boolean;
}

/** What one look has found that is new. */
interface Look {
  readonly news: readonly Found<unknown>[];
  readonly now: Instant;
  readonly isLast: (times: WatchTimes) => boolean;
}

class WatchTracker implements RestrictionTracker<WatchState, Look> {
  #state: WatchState;
  #looked = false;

  constructor(state: WatchState) {
    this.#state = state;
  }

  tryClaim({ news, now, isLast }: Look): boolean {
    if (this.#state.over || this.#looked) return false;
    this.#looked = true;
    let { seen } = this.#state;
    if (news.length > 0) {
      const more = new Map(seen);
      for (const { key, version } of news) more.set(key, version);
      seen = more;
    }
    const begun = this.#state.times?.begun ?? now;
    const times = { begun, found: news.length > 0 ? now : (this.#state.times?.found ?? begun) };
    this.#state = { seen, times, over: isLast(times) };
    return true;
  }

  currentRestriction(): WatchState {
    return this.#state;
  }

  trySplit(fractionOfRemainder: number): SplitRestriction<WatchState> | undefined {
    if (this.#state.over || fractionOfRemainder > 0) return undefined;
    const residual = this.#state;
    this.#state = { ...residual, over: true };
    return { primary: this.#state, residual };
  }

  checkDone(): void {
    if (!this.#state.over) throw new GirderError("internal", "watching has ended before it was over");
  }

  isBounded(): boolean {
    return this.#state.over;
  }
}

/** @throws GirderError `invalid-argument` for an interval that is none. */
export function checkInterval({ interval }: WatchOptions): void {
  if (interval >= 1) return;
  throw new GirderError("invalid-argument", `Nothing can be watched every ${interval} ms.`, {
    remedy: "Give an interval of 1 ms or more.",
  });
}

/**
 * Looks for what belongs to each element, again and again, and outputs what is new, with the time of the look for a
 * timestamp, at which the watermark is then, too.
 */
export class WatchDoFn<I, O> implements SplittableDoFn<I, O, WatchState, Look, ManualWatermark> {
  readonly bounded = false;
  readonly watermark = manualWatermark();
  readonly #look: (element: I) => Promise<readonly Found<O>[]>;
  readonly #options: WatchOptions;

  /** @param look All that there is now. */
  constructor(look: (element: I) => Promise<readonly Found<O>[]>, options: WatchOptions) {
    this.#look = look;
    this.#options = options;
  }

  initialRestriction(): WatchState {
    return { seen: new Map(), times: undefined, over: false };
  }

  size(_: I, { over }: WatchState): number {
    return over ? 0 : 1;
  }

  newTracker(_: I, state: WatchState): WatchTracker {
    return new WatchTracker(state);
  }

  async *process(
    element: I,
    tracker: RestrictionTracker<WatchState, Look>,
    _: unknown,
    { watermark }: SplittableContext<ManualWatermark>,
  ): AsyncGenerator<TimestampedValue<O>, ProcessContinuation> {
    const { interval, until = () => false, now: clock = Date.now } = this.#options;
    const { seen, over } = tracker.currentRestriction();
    if (over) return stop();
    const all = await this.#look(element);
    const news = all.filter(({ key, version }) => seen.get(key) !== version);
    const now = clock();
    if (!tracker.tryClaim({ news, now, isLast: (times) => until(times, now) })) return stop();
    for (const { value } of news) yield timestamped(value, now);
    if (now > watermark.current()) watermark.set(now);
    return tracker.currentRestriction().over ? stop() : resume({ delay: interval });
  }
}

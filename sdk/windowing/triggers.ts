/**
 * Triggers: when, in processing time, what has been gathered in a window is emitted as a pane (`Trigger` of
 * `beam_runner_api.proto`).
 *
 * ```
 * windowInto(fixedWindows(minutes(10)), {
 *   trigger: afterWatermark({ early: afterProcessingTime({ delay: minutes(1) }), late: afterCount(1) }),
 *   allowedLateness: hours(1),
 *   accumulationMode: "ACCUMULATING",
 * })
 *   10:00 to 10:10    a pane a minute after the first element since the last pane: EARLY
 *   watermark 10:10   a pane: ON_TIME
 *   until 11:10       a pane for each element that comes late: LATE
 * ```
 *
 * A trigger that has _finished_ takes nothing more: what comes afterwards is lost. {@link repeatedly} makes one that never
 * finishes; {@link afterWatermark} repeats what it is given by itself.
 */
import { GirderError } from "../../portability/errors.js";
import type { Duration } from "../../portability/execution/time.js";
import type { TimestampTransform } from "../../portability/execution/timestamp-transform.js";

export type { TimestampTransform };

/** When panes are emitted. Made by the functions of this module. */
export type Trigger =
  | { readonly kind: "default" | "never" | "always" | "synchronized-processing-time" }
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "processing-time"; readonly transforms: readonly TimestampTransform[] }
  | { readonly kind: "watermark"; readonly early: Trigger | undefined; readonly late: Trigger | undefined }
  | { readonly kind: "each" | "all" | "any"; readonly parts: readonly Trigger[] }
  | { readonly kind: "repeatedly"; readonly part: Trigger }
  | { readonly kind: "or-finally"; readonly main: Trigger; readonly until: Trigger };

/** Once the watermark has passed the window's end, then for each late element: how every PCollection begins. */
export function defaultTrigger(): Trigger {
  return { kind: "default" };
}

/** What {@link afterWatermark} emits beside the pane on time. Each is repeated for as long as it is its turn. */
export interface AroundWatermark {
  /** Before the watermark has passed the window's end: guesses. Default: none. */
  readonly early?: Trigger;
  /** Afterwards, until the window expires. Default: none, the trigger has finished with the pane on time. */
  readonly late?: Trigger;
}

/** When the watermark has passed the window's end, and before and after that as it says. */
export function afterWatermark({ early, late }: AroundWatermark = {}): Trigger {
  return { kind: "watermark", early: early && notRepeated(early), late: late && notRepeated(late) };
}

/** The protocol repeats early and late firings by itself. */
function notRepeated(trigger: Trigger): Trigger {
  return trigger.kind === "repeatedly" ? trigger.part : trigger;
}

/**
 * Once the pane has so many elements, or more of them came together.
 *
 * @throws GirderError `invalid-argument` for a count that is not a whole number of at least 1.
 */
export function afterCount(count: number): Trigger {
  if (!Number.isSafeInteger(count) || count < 1 || count >= 2 ** 31) {
    throw new GirderError("invalid-argument", `A trigger counts to ${count}.`, {
      remedy: "Give a whole number of elements, 1 or more.",
    });
  }
  return { kind: "count", count };
}

/** How long {@link afterProcessingTime} waits. */
export interface ProcessingTimeDelay {
  /** ms after the pane's first element. Default 0: as soon as time moves on. */
  readonly delay?: Duration;
  /** Then on to the next instant that is `offset` ms (default 0) after a multiple of `period` ms. Default: no further. */
  readonly alignTo?: { readonly period: Duration; readonly offset?: Duration };
}

/**
 * Some processing time after the pane's first element.
 *
 * @throws GirderError `invalid-argument` for lengths that are none.
 */
export function afterProcessingTime({ delay = 0, alignTo }: ProcessingTimeDelay = {}): Trigger {
  const transforms: TimestampTransform[] = [];
  if (delay !== 0 || alignTo === undefined) transforms.push({ kind: "delay", delay: wholeMillis("delay", delay, 0) });
  if (alignTo !== undefined) {
    const period = wholeMillis("period", alignTo.period, 1);
    transforms.push({ kind: "align", period, offset: wholeMillis("offset", alignTo.offset ?? 0, 0) });
  }
  return { kind: "processing-time", transforms };
}

function wholeMillis(what: string, ms: Duration, least: number): Duration {
  if (Number.isSafeInteger(ms) && ms >= least) return ms;
  throw new GirderError("invalid-argument", `The ${what} of a trigger is ${ms}.`, {
    remedy: `Give a whole number of milliseconds of at least ${least}, such as seconds(5).`,
  });
}

/**
 * Once processing time has, everywhere upstream, come past the arrival of the pane's first element: what
 * {@link afterProcessingTime} becomes after a grouping, so that one delay is not added to the next.
 */
export function afterSynchronizedProcessingTime(): Trigger {
  return { kind: "synchronized-processing-time" };
}

/** One after another: each begins when the one before it has finished. */
export function afterEach(...parts: readonly Trigger[]): Trigger {
  return { kind: "each", parts: atLeastOne("afterEach", parts) };
}

/** Once all of them would fire. */
export function afterAll(...parts: readonly Trigger[]): Trigger {
  return { kind: "all", parts: atLeastOne("afterAll", parts) };
}

/** Once any of them would fire. */
export function afterAny(...parts: readonly Trigger[]): Trigger {
  return { kind: "any", parts: atLeastOne("afterAny", parts) };
}

function atLeastOne(what: string, parts: readonly Trigger[]): readonly Trigger[] {
  if (parts.length > 0) return parts;
  throw new GirderError("invalid-argument", `${what} was given no triggers.`, {
    remedy: `Give it two or more: ${what}(afterWatermark(), afterCount(100)).`,
  });
}

/** As `main` does, until `until` fires, which is the last pane. */
export function orFinally(main: Trigger, until: Trigger): Trigger {
  return { kind: "or-finally", main, until };
}

/** Again and again: whenever `part` has finished it begins anew. */
export function repeatedly(part: Trigger): Trigger {
  return { kind: "repeatedly", part };
}

/** Not before the window expires, when what is left is emitted. */
export function never(): Trigger {
  return { kind: "never" };
}

/** For every element. */
export function always(): Trigger {
  return { kind: "always" };
}

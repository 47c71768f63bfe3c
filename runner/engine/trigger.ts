/**
 * Triggers: when a key's window emits a pane (`Trigger` of the model).
 *
 * ```
 * after end of window, early: repeat(element count 2)        window [0, 10)
 *   element at 1                    should not fire
 *   element at 2                    should fire: EARLY
 *   watermark passes 9              should fire: ON_TIME
 * ```
 *
 * A trigger is plain data, and so is its state, one for each key and window. After every element, when the watermark passes
 * the window's end and when its processing time has come, {@link shouldFire} is asked; if it says so, {@link fired} is
 * told. A trigger that has finished closes its window.
 */
import { type Instant, MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { TimestampTransform } from "../../portability/execution/timestamp-transform.js";

export type Trigger =
  /** When the watermark passes the window's end, then for every late element. */
  | { readonly kind: "default" }
  | { readonly kind: "never" }
  | { readonly kind: "always" }
  | { readonly kind: "element-count"; readonly count: number }
  /** Some time after the first element. */
  | { readonly kind: "processing-time"; readonly transforms: readonly TimestampTransform[] }
  /** When the watermark passes the window's end; `early` until then, `late` from then on, each again and again. */
  | { readonly kind: "end-of-window"; readonly early?: Trigger; readonly late?: Trigger }
  /** When all would fire, any would, or one after another does. */
  | { readonly kind: "all" | "any" | "each"; readonly parts: readonly Trigger[] }
  | { readonly kind: "repeat"; readonly part: Trigger }
  /** As `main` does, until `until` fires, once. */
  | { readonly kind: "or-finally"; readonly main: Trigger; readonly until: Trigger };

/** Whether anything about a trigger comes with processing time. */
export function waitsForTime(trigger: Trigger): boolean {
  return trigger.kind === "processing-time" || partsOf(trigger).some(waitsForTime);
}

/** What a trigger remembers of one key's window. */
export interface TriggerState {
  finished: boolean;
  /** Elements since it last fired. */
  count: number;
  /** When its processing time comes. */
  at: Instant | undefined;
  /** Of its parts: for the end of a window, of early and late. */
  readonly parts: TriggerState[];
}

/** What a trigger may go by. */
export interface TriggerTime {
  /** Processing time, ms. */
  readonly now: Instant;
  /** Whether the watermark has passed the end of the window. */
  readonly windowEnded: boolean;
}

const NEVER: Trigger = { kind: "never" };

function partsOf(trigger: Trigger): readonly Trigger[] {
  switch (trigger.kind) {
    case "all":
    case "any":
    case "each":
      return trigger.parts;
    case "repeat":
      return [trigger.part];
    case "or-finally":
      return [trigger.main, trigger.until];
    case "end-of-window":
      return [trigger.early ?? NEVER, trigger.late ?? NEVER];
    default:
      return [];
  }
}

export function newTriggerState(trigger: Trigger): TriggerState {
  return { finished: false, count: 0, at: undefined, parts: partsOf(trigger).map(newTriggerState) };
}

export function copyTriggerState({ finished, count, at, parts }: TriggerState): TriggerState {
  return { finished, count, at, parts: parts.map(copyTriggerState) };
}

/** Takes note of an element. @param merging whether windows merge, which may bring parts back that have finished. */
export function elementAdded(trigger: Trigger, state: TriggerState, time: TriggerTime, merging: boolean): void {
  switch (trigger.kind) {
    case "element-count":
      state.count++;
      break;
    case "processing-time":
      state.at ??= trigger.transforms.reduce(transformed, time.now);
      break;
    case "each": {
      const current = state.parts.findIndex(({ finished }) => !finished);
      partsOf(trigger).forEach((part, i) => {
        if (merging || i === current) elementAdded(part, state.parts[i]!, time, merging);
      });
      break;
    }
    case "end-of-window": {
      const [early, late] = state.parts as [TriggerState, TriggerState];
      if (merging || !early.finished) elementAdded(trigger.early ?? NEVER, early, time, merging);
      if (merging || early.finished) elementAdded(trigger.late ?? NEVER, late, time, merging);
      break;
    }
    default:
      partsOf(trigger).forEach((part, i) => {
        elementAdded(part, state.parts[i]!, time, merging);
      });
  }
}

function transformed(instant: Instant, transform: TimestampTransform): Instant {
  if (transform.kind === "delay") return instant + transform.delay;
  const { period, offset } = transform;
  // Nothing to align to.
  if (!(period > 0)) return instant;
  const past = (((instant - offset) % period) + period) % period;
  return past === 0 ? instant : instant - past + period;
}

export function shouldFire(trigger: Trigger, state: TriggerState, time: TriggerTime): boolean {
  const part = (i: number): boolean => {
    const child = state.parts[i]!;
    return !child.finished && shouldFire(partsOf(trigger)[i]!, child, time);
  };
  switch (trigger.kind) {
    case "default":
      return time.windowEnded;
    case "never":
      return false;
    case "always":
      return true;
    case "element-count":
      return state.count >= trigger.count;
    case "processing-time":
      return state.at !== undefined && state.at <= time.now;
    case "end-of-window":
      return state.parts[0]!.finished ? part(1) : part(0) || time.windowEnded;
    case "all":
      return state.parts.every(({ finished }, i) => finished || part(i));
    case "any":
      return state.parts.some((_, i) => part(i));
    case "each": {
      const current = state.parts.findIndex(({ finished }) => !finished);
      return current >= 0 && part(current);
    }
    case "repeat":
      return part(0);
    case "or-finally":
      return part(0) || part(1);
  }
}

/** Takes note that a pane was emitted because {@link shouldFire} said so. */
export function fired(trigger: Trigger, state: TriggerState, time: TriggerTime): void {
  const part = (i: number): void => fired(partsOf(trigger)[i]!, state.parts[i]!, time);
  const wants = (i: number): boolean => {
    const child = state.parts[i]!;
    return !child.finished && shouldFire(partsOf(trigger)[i]!, child, time);
  };
  switch (trigger.kind) {
    case "element-count":
    case "processing-time":
      state.finished = true;
      break;
    case "end-of-window": {
      const [early] = state.parts as [TriggerState];
      if (early.finished) again(trigger.late ?? NEVER, state, 1, time);
      else if (time.windowEnded) {
        // Should it be brought back by a merge, it begins anew.
        state.parts[0] = { ...newTriggerState(trigger.early ?? NEVER), finished: true };
        state.parts[1] = newTriggerState(trigger.late ?? NEVER);
        state.finished = trigger.late === undefined;
      } else again(trigger.early ?? NEVER, state, 0, time);
      break;
    }
    case "all":
      state.parts.forEach(({ finished }, i) => {
        if (!finished) part(i);
      });
      state.finished = state.parts.every(({ finished }) => finished);
      break;
    case "any":
      state.parts.forEach((_, i) => {
        if (wants(i)) part(i);
      });
      state.finished = state.parts.some(({ finished }) => finished);
      break;
    case "each": {
      const current = state.parts.findIndex(({ finished }) => !finished);
      part(current);
      // Where windows merge, those to come have taken note of elements that are in this pane.
      for (let i = current + 1; i < state.parts.length; i++) state.parts[i] = newTriggerState(trigger.parts[i]!);
      state.finished = state.parts.every(({ finished }) => finished);
      break;
    }
    case "repeat":
      again(trigger.part, state, 0, time);
      break;
    case "or-finally":
      if (wants(1)) {
        part(1);
        state.finished = true;
      } else {
        part(0);
        state.finished = state.parts[0]!.finished;
      }
      break;
    default:
      break;
  }
}

/** Tells a part that it fired, and starts it afresh if that was its end. */
function again(trigger: Trigger, state: TriggerState, i: number, time: TriggerTime): void {
  fired(trigger, state.parts[i]!, time);
  if (state.parts[i]!.finished) state.parts[i] = newTriggerState(trigger);
}

/** The state of a window that others have merged into. */
export function mergedTriggerState(trigger: Trigger, states: readonly TriggerState[], time: TriggerTime): TriggerState {
  const parts = partsOf(trigger).map((part, i) =>
    mergedTriggerState(
      part,
      states.map((state) => state.parts[i]!),
      time,
    ),
  );
  // What has finished counts and waits no more.
  const going = states.filter(({ finished }) => !finished);
  const times = going.flatMap(({ at }) => (at === undefined ? [] : [at]));
  const merged: TriggerState = {
    finished: false,
    count: going.reduce((sum, { count }) => sum + count, 0),
    at: times.length === 0 ? undefined : Math.min(...times),
    parts,
  };
  switch (trigger.kind) {
    // What has fired for one window has fired for all.
    case "element-count":
    case "processing-time":
      merged.finished = going.length < states.length;
      break;
    case "any":
      merged.finished = parts.some(({ finished }) => finished);
      break;
    case "or-finally":
      // Its end may be a part that fires without an end of its own.
      merged.finished = going.length < states.length || parts.some(({ finished }) => finished);
      break;
    case "all":
    case "each":
      merged.finished = parts.every(({ finished }) => finished);
      break;
    case "end-of-window": {
      const [early] = parts as [TriggerState];
      // If it is to be on time again, what is late begins anew then.
      early.finished = time.windowEnded && states.some((state) => state.parts[0]!.finished);
      merged.finished = early.finished && trigger.late === undefined;
      break;
    }
    default:
      break;
  }
  return merged;
}

/**
 * When, after `now`, the trigger's processing time comes next; the end of time if it waits for none.
 *
 * What has come already and has not made it fire waits for something else, an element or the end of the window.
 */
export function nextProcessingTime(trigger: Trigger, state: TriggerState, now: Instant): Instant {
  if (state.finished) return MAX_TIMESTAMP;
  const own = trigger.kind === "processing-time" && state.at !== undefined && state.at > now ? state.at : MAX_TIMESTAMP;
  return partsOf(trigger).reduce(
    (next, part, i) => Math.min(next, nextProcessingTime(part, state.parts[i]!, now)),
    own,
  );
}

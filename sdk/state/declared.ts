/** What a function declares beyond its elements: states, timers, and what it asks of its input. */
import type { Context } from "../pipeline/context.js";
import type { DoFn, ElementFunction } from "../pipeline/do-fn.js";
import { FinalizerParam } from "./bundle-finalizer.js";
import { StateParam } from "./state-param.js";
import { TimerParam } from "./timers.js";

/** The timer family of {@link DoFn.onWindowExpiration}, whose timers the runner sets. */
export const EXPIRATION_FAMILY = "girder:on_window_expiration";

export interface Declared {
  /** By their names in the context. */
  readonly states: ReadonlyMap<string, StateParam<unknown>>;
  readonly timers: ReadonlyMap<string, TimerParam<unknown>>;
  /** The function as a DoFn, if it is one. */
  readonly doFn: DoFn<never, unknown> | undefined;
  readonly finalizes: boolean;
  /** What of all this takes elements with keys, in words; undefined if nothing does. */
  readonly keyedFor: string | undefined;
}

/** What a function declares. */
export function declaredBy(step: ElementFunction): Declared {
  const states = membersOf<StateParam<unknown>>(step.context, StateParam);
  const timers = membersOf<TimerParam<unknown>>(step.context, TimerParam);
  const doFn = step.kind === "doFn" ? step.doFn : undefined;
  const reasons: readonly [boolean, string][] = [
    [states.size > 0, "state"],
    [timers.size > 0, "timers"],
    [doFn?.onWindowExpiration !== undefined, "onWindowExpiration"],
    [doFn?.requiresTimeSortedInput === true, "requiresTimeSortedInput"],
  ];
  return {
    states,
    timers,
    doFn,
    finalizes: Object.values(step.context).some((member) => member instanceof FinalizerParam),
    keyedFor: reasons.find(([is]) => is)?.[1],
  };
}

function membersOf<P>(context: Context, type: abstract new (...args: never[]) => P): Map<string, P> {
  const members = Object.entries(context).filter((entry): entry is [string, P & object] => entry[1] instanceof type);
  return new Map(members);
}

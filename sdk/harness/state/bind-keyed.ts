/** Finds what a function declares by key among the states and timers of its stage. */
import { GirderError } from "../../../portability/errors.js";
import type { PTransform } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { ElementFunction } from "../../pipeline/do-fn.js";
import { declaredBy, EXPIRATION_FAMILY } from "../../state/declared.js";
import type { StateParam } from "../../state/state-param.js";
import type { TimerParam } from "../../state/timers.js";
import type { Cursor } from "../cursor.js";
import type { StageComponents } from "../stage-components.js";
import type { Keyed } from "./keyed-operator.js";
import { cellsOf, facadeOf, noKeyInHand } from "./state-kinds.js";
import { timerFacade } from "./timer-facades.js";

/** What a {@link KeyedOperator} needs, and what stands for its states and timers in the context of its function. */
export interface BoundKeyed extends Keyed {
  state(param: StateParam<unknown>): (cursor: Cursor) => object;
  timer(name: string, param: TimerParam<unknown>): (cursor: Cursor) => object;
}

/**
 * Undefined for a function that keeps nothing by key.
 *
 * @param setsExpirationTimers Whether the stage sets the timers for windows that expire, not the runner.
 */
export function bindKeyed(
  id: string,
  transform: PTransform,
  element: ElementFunction,
  components: StageComponents,
  setsExpirationTimers: boolean,
): BoundKeyed | undefined {
  const { states, timers, doFn } = declaredBy(element);
  const expires = doFn?.onWindowExpiration !== undefined;
  if (states.size === 0 && timers.size === 0 && !expires) return undefined;
  const { descriptor } = components;
  const indexOf = (all: readonly { readonly transform: string; readonly id: string }[], own: string): number => {
    const index = all.findIndex((each) => each.transform === id && each.id === own);
    if (index >= 0) return index;
    throw new GirderError("internal", `the stage ${descriptor.id} does not know "${own}"`, { where: id });
  };
  const sideInputs = components.sideInputNames(transform);
  const [, input] = Object.entries(transform.inputs).find(([name]) => !sideInputs.has(name))!;
  const codec = components.codec(input);
  const allowedLateness = Number(components.windowing(input).allowedLateness);
  const bound = Array.from(states.values(), (param) => ({
    param,
    index: indexOf(descriptor.states, param.id),
    newCell: cellsOf(param.declaration, id),
  }));
  const families = Array.from(timers, ([name, param]) => [indexOf(descriptor.timers, param.id), name] as const);
  return {
    transform: id,
    states: bound,
    identity: codec.identity,
    keyOf: (identity) => codec.keyOf(identity),
    callbacks: new Map(families),
    expiration: expires
      ? { family: indexOf(descriptor.timers, EXPIRATION_FAMILY), allowedLateness, isSet: setsExpirationTimers }
      : undefined,
    state(param) {
      const position = bound.findIndex((each) => each.param === param);
      return (cursor) =>
        facadeOf(param.declaration, () => {
          if (cursor.keyed === undefined) throw noKeyInHand(id);
          return cursor.keyed.cells[position]!;
        });
    },
    timer(name, param) {
      const { domain, isFamily } = param;
      const family = indexOf(descriptor.timers, param.id);
      return (cursor) => timerFacade({ transform: id, name, domain, isFamily, family, allowedLateness }, cursor);
    },
  };
}

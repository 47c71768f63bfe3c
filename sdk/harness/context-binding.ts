/** Makes of the context that an author wrote the one that their function is called with. */

import { type Context, ElementParam, MetricParam, SideInputParam } from "../pipeline/context.js";
import { type BundleFinalizer, FinalizerParam } from "../state/bundle-finalizer.js";
import { StateParam } from "../state/state-param.js";
import { TimerParam } from "../state/timers.js";
import type { Bundle } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import { MetricHandle } from "./metric-handles.js";
import type { SideInputView } from "./side-input-views.js";

export interface ContextBinding {
  /** The context for calls at a cursor; undefined where the author asked for nothing. */
  readonly make: ((cursor: Cursor) => object) | undefined;
  /** Whether the function sees windows, so that an element in several is processed once for each. */
  readonly observesWindow: boolean;
  start(bundle: Bundle): void;
}

/** How parameters are bound of which only the stage knows. */
export interface Bindings {
  sideInput(name: string, param: SideInputParam<unknown>): SideInputView;
  /** What stands for a state or timer in calls at a cursor. */
  state(param: StateParam<unknown>): (cursor: Cursor) => object;
  timer(name: string, param: TimerParam<unknown>): (cursor: Cursor) => object;
}

export function bindContext(transform: string, context: Context, bindings: Bindings): ContextBinding {
  const names = Object.keys(context);
  if (names.length === 0) return { make: undefined, observesWindow: false, start: () => {} };
  const fixed: Record<string, unknown> = {};
  const starts: ((bundle: Bundle) => void)[] = [];
  const getters: Record<string, (cursor: Cursor) => unknown> = {};
  const perCursor: Record<string, (cursor: Cursor) => unknown> = {};
  let observesWindow = false;
  for (const [name, member] of Object.entries(context)) {
    if (member instanceof ElementParam) {
      if (member.property === "window") observesWindow = true;
      getters[name] = elementGetter(member.property);
    } else if (member instanceof SideInputParam) {
      observesWindow = true;
      const view = bindings.sideInput(name, member);
      starts.push((bundle) => view.start(bundle));
      getters[name] = (cursor) => view.get(cursor);
    } else if (member instanceof MetricParam) {
      const handle = new MetricHandle(member, transform);
      starts.push((bundle) => handle.start(bundle.metrics));
      fixed[name] = handle.facade;
    } else if (member instanceof StateParam) {
      observesWindow = true;
      perCursor[name] = bindings.state(member);
    } else if (member instanceof TimerParam) {
      observesWindow = true;
      perCursor[name] = bindings.timer(name, member);
    } else if (member instanceof FinalizerParam) {
      const handle = new FinalizerHandle();
      starts.push((bundle) => handle.start(bundle));
      fixed[name] = handle;
    } else fixed[name] = member;
  }
  const start = (bundle: Bundle): void => {
    for (const each of starts) each(bundle);
  };
  if (Object.keys({ ...getters, ...perCursor }).length === 0) return { make: () => fixed, observesWindow, start };
  const make = (cursor: Cursor): object => {
    const properties = Object.entries(getters).map(([name, get]): [string, PropertyDescriptor] => [
      name,
      { get: () => get(cursor), enumerable: true },
    ]);
    const own = Object.entries(perCursor).map(([name, make]) => [name, make(cursor)]);
    return Object.defineProperties({ ...fixed, ...Object.fromEntries(own) }, Object.fromEntries(properties));
  };
  return { make, observesWindow, start };
}

/** What a function is given to be told of the commit of its bundle. */
class FinalizerHandle implements BundleFinalizer {
  #bundle: Bundle | undefined;

  start(bundle: Bundle): void {
    this.#bundle = bundle;
  }

  readonly afterCommit = (callback: () => void | Promise<void>): void => {
    this.#bundle!.finalizers.push(callback);
  };
}

function elementGetter(property: "timestamp" | "window" | "pane"): (cursor: Cursor) => unknown {
  switch (property) {
    case "timestamp":
      return (cursor) => cursor.timestamp;
    case "window":
      return (cursor) => cursor.window.value;
    case "pane":
      return (cursor) => cursor.pane;
  }
}

/** Makes of the context that an author wrote the one that their function is called with. */
import { type Context, ElementParam, MetricParam, SideInputParam } from "../pipeline/context.js";
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

export function bindContext(
  transform: string,
  context: Context,
  sideInput: (name: string, param: SideInputParam<unknown>) => SideInputView,
): ContextBinding {
  const names = Object.keys(context);
  if (names.length === 0) return { make: undefined, observesWindow: false, start: () => {} };
  const fixed: Record<string, unknown> = {};
  const starts: ((bundle: Bundle) => void)[] = [];
  const getters: Record<string, (cursor: Cursor) => unknown> = {};
  let observesWindow = false;
  for (const [name, member] of Object.entries(context)) {
    if (member instanceof ElementParam) {
      if (member.property === "window") observesWindow = true;
      getters[name] = elementGetter(member.property);
    } else if (member instanceof SideInputParam) {
      observesWindow = true;
      const view = sideInput(name, member);
      starts.push((bundle) => view.start(bundle));
      getters[name] = (cursor) => view.get(cursor);
    } else if (member instanceof MetricParam) {
      const handle = new MetricHandle(member, transform);
      starts.push((bundle) => handle.start(bundle.metrics));
      fixed[name] = handle.facade;
    } else fixed[name] = member;
  }
  const start = (bundle: Bundle): void => {
    for (const each of starts) each(bundle);
  };
  if (Object.keys(getters).length === 0) return { make: () => fixed, observesWindow, start };
  const make = (cursor: Cursor): object => {
    const properties = Object.entries(getters).map(([name, get]): [string, PropertyDescriptor] => [
      name,
      { get: () => get(cursor), enumerable: true },
    ]);
    return Object.defineProperties({ ...fixed }, Object.fromEntries(properties));
  };
  return { make, observesWindow, start };
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

/**
 * Which window of a side input belongs to a window of the main input: the first of the side input's windows that hold its
 * last instant, as all SDKs have it.
 */
import { type Duration, lastWindowStart } from "./time.js";
import type { InternedWindow } from "./window.js";
import type { StandardWindowFn } from "./window-fn.js";
import type { WindowTable } from "./window-table.js";

/** The window of a side input in sliding windows. Fixed windows are sliding windows whose period is their size. */
export function slidingSideInputWindow(
  { size, period, offset }: { readonly size: Duration; readonly period: Duration; readonly offset: Duration },
  main: InternedWindow,
  windows: WindowTable,
): InternedWindow {
  const start = lastWindowStart(main.maxTimestamp - size, period, offset) + period;
  return windows.interval(start, start + size);
}

/** The window of a side input with this window function; undefined for sessions, which depend on the side input's elements. */
export function sideInputWindow(
  fn: StandardWindowFn,
  main: InternedWindow,
  windows: WindowTable,
): InternedWindow | undefined {
  switch (fn.kind) {
    case "global":
      return windows.global;
    case "fixed":
      return slidingSideInputWindow({ size: fn.size, period: fn.size, offset: fn.offset }, main, windows);
    case "sliding":
      return slidingSideInputWindow(fn, main, windows);
    case "sessions":
      return undefined;
  }
}

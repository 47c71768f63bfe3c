/**
 * Which window of a side input belongs to a window of the main input: the first of the side input's windows that hold its
 * last instant, as all SDKs have it.
 */
import { type Duration, lastWindowStart } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";

/** The side input's window function, as far as mapping goes. Fixed windows are sliding windows whose period is their size. */
export type WindowMapping =
  | { readonly kind: "global" }
  | { readonly kind: "sliding"; readonly size: Duration; readonly period: Duration; readonly offset: Duration };

/** The side input's window for a window of the main input. */
export function mapWindow(mapping: WindowMapping, main: InternedWindow, windows: WindowTable): InternedWindow {
  if (mapping.kind === "global") return windows.global;
  const { size, period, offset } = mapping;
  const start = lastWindowStart(main.maxTimestamp - size, period, offset) + period;
  return windows.interval(start, start + size);
}

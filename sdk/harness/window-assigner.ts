/** The standard window functions, applied: which windows an element at an instant is in. */
import type { WindowSet } from "../../portability/execution/batch.js";
import { type Instant, lastWindowStart } from "../../portability/execution/time.js";
import type { InternedWindow, IntervalWindow } from "../../portability/execution/window.js";
import type { StandardWindowFn } from "../../portability/execution/window-fn.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import type { Cursor } from "./cursor.js";

/** Returns the windows of the element that the cursor stands at. */
export type AssignWindows = (cursor: Cursor) => WindowSet;

export function windowAssigner(fn: StandardWindowFn, windows: WindowTable): AssignWindows {
  switch (fn.kind) {
    case "global":
      return () => windows.global;
    case "fixed":
      return fixed(fn.size, fn.offset, windows);
    case "sliding":
      return sliding(fn.size, fn.period, fn.offset, windows);
    case "sessions":
      return ({ timestamp }) => windows.interval(timestamp, timestamp + fn.gap);
  }
}

function fixed(size: number, offset: number, windows: WindowTable): AssignWindows {
  // Elements come in runs that share a window, or nearly so: looking at the last one first saves the arithmetic.
  let last: InternedWindow | undefined;
  let start = 0;
  let end = 0;
  const recent = new Map<Instant, InternedWindow>();
  return ({ timestamp }) => {
    if (last !== undefined && timestamp >= start && timestamp < end) return last;
    start = lastWindowStart(timestamp, size, offset);
    end = start + size;
    last = recent.get(start);
    if (last === undefined) {
      last = windows.interval(start, end);
      if (recent.size >= RECENT_WINDOWS) recent.clear();
      recent.set(start, last);
    }
    return last;
  };
}

/** Windows an assigner remembers by itself before it starts afresh. */
const RECENT_WINDOWS = 4096;

function sliding(size: number, period: number, offset: number, windows: WindowTable): AssignWindows {
  let last: readonly InternedWindow[] = [];
  let lastStart: Instant | undefined;
  return ({ timestamp }) => {
    const start = lastWindowStart(timestamp, period, offset);
    // The windows of two instants between the same two starts may still differ where the size is no multiple of the period.
    if (start !== lastStart || timestamp >= (last.at(-1)?.value as IntervalWindow | undefined)!.end) {
      const made: InternedWindow[] = [];
      for (let at = start; at > timestamp - size; at -= period) made.push(windows.interval(at, at + size));
      if (made.length === 0) return made;
      last = made;
      lastStart = size % period === 0 ? start : undefined;
    }
    return last;
  };
}

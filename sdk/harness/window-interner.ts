/** From a window to the job's one object for it. */
import { type Coder, encodeToBytes } from "../../portability/coders/index.js";
import {
  type BoundedWindow,
  GlobalWindow,
  type InternedWindow,
  IntervalWindow,
} from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";

/** Interns windows written by `coder`. */
export function windowInterner(
  table: WindowTable,
  coder: Coder<BoundedWindow>,
): (window: BoundedWindow) => InternedWindow {
  return (window) => {
    if (window instanceof GlobalWindow) return table.global;
    if (window instanceof IntervalWindow) return table.interval(window.start, window.end);
    return table.intern(
      Buffer.from(encodeToBytes(coder, window, true)).toString("latin1"),
      () => window,
      coder.spec.urn,
    );
  };
}

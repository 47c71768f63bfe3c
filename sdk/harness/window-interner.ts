/** From a window to the job's one object for it. */
import { type Coder, CustomWindowCoder, encodeToLatin1 } from "../../portability/coders/index.js";
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
  // Windows of two coders may have the same bytes: they are other windows nevertheless.
  const name = coder instanceof CustomWindowCoder ? `${coder.spec.urn} ${coder.window.spec.urn}` : coder.spec.urn;
  return (window) => {
    if (window instanceof GlobalWindow) return table.global;
    if (window instanceof IntervalWindow) return table.interval(window.start, window.end);
    return table.intern(encodeToLatin1(coder, window), () => window, name);
  };
}

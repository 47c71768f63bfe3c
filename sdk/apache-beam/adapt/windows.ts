/** Windows and panes of Girder as the official API has them, and back. */
import Long from "long";
import { GirderError } from "../../../portability/errors.js";
import type { PaneInfo as GirderPane } from "../../../portability/execution/pane.js";
import { instantToWire } from "../../../portability/execution/time.js";
import {
  type BoundedWindow,
  GlobalWindow as GirderGlobalWindow,
  IntervalWindow as GirderInterval,
  GLOBAL_WINDOW,
} from "../../../portability/execution/window.js";
import { GlobalWindow, IntervalWindow, type PaneInfo, Timing, type Window } from "../values.js";
import { toInstant, toLong } from "./instants.js";

const GLOBAL = new GlobalWindow();

/** A window as the official API has it. One of an author's own window function keeps its fields. */
export function officialWindow(window: BoundedWindow): Window {
  if (window instanceof GirderGlobalWindow) return GLOBAL;
  if (window instanceof GirderInterval) return new IntervalWindow(toLong(window.start), toLong(window.end));
  const maxTimestamp = () => Long.fromString(instantToWire(window.maxTimestamp).toString());
  return Object.create(window, { maxTimestamp: { value: maxTimestamp } }) as Window;
}

/** @throws GirderError `invalid-argument` for what is none of the two standard kinds of windows. */
export function girderWindow(window: Window): BoundedWindow {
  if (window instanceof GlobalWindow) return GLOBAL_WINDOW;
  if (window instanceof IntervalWindow) return new GirderInterval(toInstant(window.start), toInstant(window.end));
  throw new GirderError("invalid-argument", `${String(window)} is no window.`, {
    remedy: "Use a GlobalWindow or an IntervalWindow of girder/apache-beam/values.",
  });
}

/** A pane as the official API has it. */
export function officialPane({ timing, index, nonSpeculativeIndex, isFirst, isLast }: GirderPane): PaneInfo {
  return { timing: Timing[timing], index, onTimeIndex: nonSpeculativeIndex, isFirst, isLast };
}

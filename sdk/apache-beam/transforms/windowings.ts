/**
 * The standard window functions. Sizes are in seconds.
 *
 * @module girder/apache-beam/transforms/windowings
 */
import { lastWindowStart } from "../../../portability/execution/time.js";
import * as girder from "../../windowing/window-fns.js";
import { type Integer64, type LongLike, secondsToMillis, toInstant, toLong } from "../adapt/instants.js";
import { GlobalWindow, IntervalWindow } from "../values.js";
import type { WindowFn } from "./window.js";

/** One window over all of time. */
export function globalWindows(): WindowFn<GlobalWindow> {
  return {
    beamName: "globalWindows()",
    girder: girder.globalWindows(),
    assignWindows: () => [new GlobalWindow()],
    isMerging: () => false,
    assignsToOneWindow: () => true,
  };
}

/**
 * Windows of one size, one after the other.
 *
 * @throws GirderError `invalid-argument` for what is no positive number of seconds.
 */
export function fixedWindows(
  sizeSeconds: number | LongLike,
  offsetSeconds: number | LongLike = 0,
): WindowFn<IntervalWindow> {
  const size = secondsToMillis(sizeSeconds);
  const offset = secondsToMillis(offsetSeconds);
  return {
    beamName: offset === 0 ? `fixedWindows(${sizeSeconds})` : `fixedWindows(${sizeSeconds}, ${offsetSeconds})`,
    girder: girder.fixedWindows(size, offset),
    assignWindows: (t) => [intervalFrom(lastStart(t, size, offset), size)],
    isMerging: () => false,
    assignsToOneWindow: () => true,
  };
}

/**
 * Windows of one size, one beginning every `periodSeconds`.
 *
 * @throws GirderError `invalid-argument` for what is no positive number of seconds.
 */
export function slidingWindows(
  sizeSeconds: number | LongLike,
  periodSeconds: number | LongLike,
  offsetSeconds: number | LongLike = 0,
): WindowFn<IntervalWindow> {
  const size = secondsToMillis(sizeSeconds);
  const period = secondsToMillis(periodSeconds);
  const offset = secondsToMillis(offsetSeconds);
  const sizes = `${sizeSeconds}, ${periodSeconds}`;
  return {
    beamName: offset === 0 ? `slidingWindows(${sizes})` : `slidingWindows(${sizes}, ${offsetSeconds})`,
    girder: girder.slidingWindows(size, period, offset),
    assignWindows(t) {
      const windows: IntervalWindow[] = [];
      for (let start = lastStart(t, period, offset); start + size > toInstant(t); start -= period) {
        windows.push(intervalFrom(start, size));
      }
      return windows;
    },
    isMerging: () => false,
    assignsToOneWindow: () => true,
  };
}

/**
 * For each key, windows that last as long as elements follow each other within the gap.
 *
 * @throws GirderError `invalid-argument` for what is no positive number of seconds.
 */
export function sessions(gapSeconds: number | LongLike): WindowFn<IntervalWindow> {
  const gap = secondsToMillis(gapSeconds);
  return {
    beamName: `sessions(${gapSeconds})`,
    girder: girder.sessions(gap),
    assignWindows: (t) => [intervalFrom(toInstant(t), gap)],
    isMerging: () => true,
    assignsToOneWindow: () => true,
  };
}

function lastStart(t: Integer64, period: number, offset: number): number {
  return lastWindowStart(toInstant(t), period, offset);
}

function intervalFrom(start: number, size: number): IntervalWindow {
  return new IntervalWindow(toLong(start), toLong(start + size));
}

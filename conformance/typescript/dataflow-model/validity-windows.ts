/** Windows in which a value is the valid one: from its own time until that of the next value. */
import { type CustomWindowFn, GLOBAL_WINDOW, IntervalWindow } from "girder";
import { INTERVAL_WINDOW_CODER } from "girder/coders";

/** A value is valid for ever, until another is known: then it is valid until that one's time. */
export const validityWindows: CustomWindowFn<unknown, IntervalWindow> = {
  name: "validity",
  coder: INTERVAL_WINDOW_CODER,
  assign: (_, timestamp) => new IntervalWindow(timestamp, GLOBAL_WINDOW.maxTimestamp),
  merge(windows) {
    const sorted = windows.toSorted((a, b) => a.start - b.start);
    return [...new Set(sorted.map(({ start }) => start))].flatMap((start, i, starts) => {
      const from = sorted.filter((window) => window.start === start);
      const end = Math.min(starts[i + 1] ?? GLOBAL_WINDOW.maxTimestamp, ...from.map((window) => window.end));
      const isOne = from.length === 1 && from[0]!.end === end;
      return isOne ? [] : [{ from, into: new IntervalWindow(start, end) }];
    });
  },
};

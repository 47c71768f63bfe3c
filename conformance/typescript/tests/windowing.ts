import {
  create,
  fixedWindows,
  globalWindows,
  groupByKey,
  IntervalWindow,
  type PCollection,
  type Root,
  reify,
  sessions,
  slidingWindows,
  type WindowFn,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

/** Numbers at themselves as timestamps (ms). */
function timed(root: Root, ...numbers: number[]): PCollection<number> {
  return root.apply(create(numbers)).apply(withTimestamps((n) => n));
}

/** The values of each group with their window. */
function groups(numbers: PCollection<number>): PCollection<string> {
  return numbers
    .apply(withKeys("k"))
    .apply(groupByKey())
    .apply(reify())
    .map(({ value, window }) => `${[...value.value].sort((a, b) => a - b)} in ${String(window)}`);
}

/** A test that groups numbers at themselves in windows. */
function grouping(
  name: string,
  rule: string,
  windowFn: WindowFn,
  numbers: readonly number[],
  expected: readonly string[],
): ConformanceTest {
  return {
    category: "Windowing",
    name,
    rule,
    build(root) {
      passert(groups(timed(root, ...numbers).apply(windowInto(windowFn)))).containsInAnyOrder(expected);
    },
  };
}

export const WINDOWING: readonly ConformanceTest[] = [
  grouping(
    "fixed windows",
    "beam:window_fn:fixed_windows:v1: [k·size, (k+1)·size), for instants before 1970 too.",
    fixedWindows(10),
    [0, 9, 10, -1, -10, -11],
    ["0,9 in [0, 10)", "10 in [10, 20)", "-10,-1 in [-10, 0)", "-11 in [-20, -10)"],
  ),
  grouping(
    "fixed windows with an offset",
    "The offset shifts where windows begin.",
    fixedWindows(10, 3),
    [2, 3, 12, 13],
    ["2 in [-7, 3)", "3,12 in [3, 13)", "13 in [13, 23)"],
  ),
  grouping(
    "sliding windows",
    "beam:window_fn:sliding_windows:v1: every window of the size, one each period, that holds the instant.",
    slidingWindows(10, 5),
    [1, 7, 12],
    ["1 in [-5, 5)", "1,7 in [0, 10)", "7,12 in [5, 15)", "12 in [10, 20)"],
  ),
  grouping(
    "sliding windows whose size is no multiple of their period",
    "The number of windows that hold an instant may differ by one.",
    slidingWindows(7, 5),
    [0, 3, 6],
    ["0 in [-5, 2)", "0,3,6 in [0, 7)", "6 in [5, 12)"],
  ),
  grouping(
    "sliding windows with gaps between them",
    "An instant between two windows is in none, and the element is gone.",
    slidingWindows(3, 10),
    [1, 5, 12],
    ["1 in [0, 3)", "12 in [10, 13)"],
  ),
  grouping(
    "sessions",
    "beam:window_fn:session_windows:v1: windows of the gap that overlap are merged; those that touch are not.",
    sessions(5),
    [0, 4, 8, 13, 30, 26],
    ["0,4,8 in [0, 13)", "13 in [13, 18)", "26,30 in [26, 35)"],
  ),
  grouping(
    "the global window",
    "beam:window_fn:global_windows:v1: all instants are in one window.",
    globalWindows(),
    [-5, 0, 100_000],
    ["-5,0,100000 in GlobalWindow"],
  ),
  {
    category: "Windowing",
    name: "sessions of each key apart",
    rule: "Windows merge among the elements of one key only.",
    build(root) {
      const sessionsOf = timed(root, 0, 2, 4, 6)
        .apply(windowInto(sessions(3)))
        .apply(withKeys((n) => n % 4))
        .apply(groupByKey())
        .apply(reify())
        .map(({ value, window }) => `${value.key} in ${String(window)}`);
      passert(sessionsOf).containsInAnyOrder(["0 in [0, 3)", "2 in [2, 5)", "0 in [4, 7)", "2 in [6, 9)"]);
    },
  },
  {
    category: "Windowing",
    name: "assigned anew",
    rule: "New windows replace the old ones, by the element's timestamp; that of a group is its window's last instant.",
    build(root) {
      const hourly = groups(timed(root, 1, 12, 23).apply(windowInto(fixedWindows(10))));
      const places = hourly
        .apply(windowInto(fixedWindows(20)))
        .apply(reify())
        .map(({ timestamp, window }) => `${timestamp} in ${String(window)}`);
      passert(places).containsInAnyOrder(["9 in [0, 20)", "19 in [0, 20)", "29 in [20, 40)"]);
    },
  },
  {
    category: "Windowing",
    name: "do not change elements that are not grouped",
    rule: "Windows take effect in groupings; timestamps stay as they are.",
    build(root) {
      const places = timed(root, 3)
        .apply(windowInto(fixedWindows(10)))
        .apply(reify())
        .map(({ timestamp, window }) => `${timestamp} in ${String(window)}`);
      passert(places).isSingleton("3 in [0, 10)");
    },
  },
  {
    category: "Windowing",
    name: "of elements that come out of order",
    rule: "Groups do not depend on the order in which elements come.",
    build(root) {
      const numbers = Array.from({ length: 200 }, (_, i) => (i * 37) % 200);
      const windowed = timed(root, ...numbers).apply(windowInto(fixedWindows(50)));
      passert(windowed)
        .inWindow(new IntervalWindow(50, 100))
        .containsInAnyOrder(Array.from({ length: 50 }, (_, i) => 50 + i));
      const sizes = windowed
        .apply(withKeys("k"))
        .apply(groupByKey())
        .map(({ value }) => new Set(value).size);
      passert(sizes).containsInAnyOrder([50, 50, 50, 50]);
    },
  },
];

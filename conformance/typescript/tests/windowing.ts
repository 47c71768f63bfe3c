import {
  asIterable,
  type CustomWindowFn,
  countPerKey,
  create,
  fixedWindows,
  globalWindows,
  groupByKey,
  IntervalWindow,
  type KV,
  type PCollection,
  type Root,
  reify,
  remergeWindows,
  sessions,
  slidingWindows,
  type WindowFn,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { INTERVAL_WINDOW_CODER } from "girder/coders";
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

/** A window of its own kind: until when, and whose. */
interface Turn {
  readonly whose: string;
  readonly maxTimestamp: number;
}

/** Turns of ten each for odd and even numbers. */
const TURNS: CustomWindowFn<number, Turn> = {
  name: "turns",
  assign: (n, timestamp) => ({ whose: n % 2 === 0 ? "even" : "odd", maxTimestamp: timestamp - (timestamp % 10) + 9 }),
};

/** One number a window; the windows of those in the same hundred become one, with the last of them as its end. */
const HUNDREDS: CustomWindowFn<number, Turn> = {
  name: "hundreds",
  assign: (_, timestamp) => ({ whose: "all", maxTimestamp: timestamp }),
  merge(windows) {
    const hundreds = new Map<number, Turn[]>();
    for (const window of windows) {
      const hundred = Math.floor(window.maxTimestamp / 100);
      hundreds.set(hundred, [...(hundreds.get(hundred) ?? []), window]);
    }
    return Array.from(hundreds.values(), (from) => ({
      from,
      into: from.reduce((a, b) => (a.maxTimestamp > b.maxTimestamp ? a : b)),
    }));
  },
};

/** As {@link groups}, of windows of any kind: by their ends. */
function groupsUntil(numbers: PCollection<number>): PCollection<string> {
  return numbers
    .apply(withKeys("k"))
    .apply(groupByKey())
    .apply(reify())
    .map(({ value, window }) => `${[...value.value].sort((a, b) => a - b)} until ${window.maxTimestamp}`);
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
    name: "sessions grouped twice",
    rule: "MergeStatus.ALREADY_MERGED: another grouping leaves windows that have merged as they are.",
    build(root) {
      passert(sessionsTogether(root, (grouped) => grouped)).containsInAnyOrder([
        "1 in [0, 5)",
        "1 in [2, 7)",
        "1 in [20, 25)",
      ]);
    },
  },
  {
    category: "Windowing",
    name: "sessions grouped twice, to merge again",
    rule: "MergeStatus.NEEDS_MERGE: where that is said of what is grouped, windows of all keys merge.",
    build(root) {
      const together = sessionsTogether(root, (grouped) => grouped.apply(remergeWindows()));
      passert(together).containsInAnyOrder(["2 in [0, 7)", "1 in [20, 25)"]);
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
  {
    category: "Windowing",
    name: "of an author's own kind",
    rule: "A WindowFn assigns by element and timestamp; two windows are one if their coder writes the same bytes.",
    build(root) {
      const numbers = timed(root, 1, 2, 3, 12, 13).apply(windowInto(TURNS));
      passert(groupsUntil(numbers)).containsInAnyOrder(["1,3 until 9", "2 until 9", "12 until 19", "13 until 19"]);
    },
  },
  {
    category: "Windowing",
    name: "of an author's own kind, several for an element",
    rule: "A WindowFn may assign an element to any number of windows.",
    build(root) {
      const both: CustomWindowFn<number, Turn> = {
        assign: (n) => [n, 100].map((maxTimestamp) => ({ whose: "both", maxTimestamp })),
      };
      const numbers = timed(root, 5, 6).apply(windowInto(both));
      passert(groupsUntil(numbers)).containsInAnyOrder(["5 until 5", "6 until 6", "5,6 until 100"]);
    },
  },
  {
    category: "Windowing",
    name: "assigned by an author, written as intervals",
    rule: "A WindowFn of any URN may have windows of a standard coder.",
    build(root) {
      const aroundZero: CustomWindowFn<number, IntervalWindow> = {
        coder: INTERVAL_WINDOW_CODER,
        assign: (_, timestamp) => (timestamp < 0 ? new IntervalWindow(-100, 0) : new IntervalWindow(0, 100)),
      };
      passert(groups(timed(root, -1, 0, 99, -100).apply(windowInto(aroundZero)))).containsInAnyOrder([
        "-100,-1 in [-100, 0)",
        "0,99 in [0, 100)",
      ]);
    },
  },
  {
    category: "Windowing",
    name: "merged as an author says",
    rule: "MergeWindows: NEEDS_MERGE windows of a key are merged by their WindowFn before they are emitted.",
    build(root) {
      const numbers = timed(root, 301, 17, 1, 230, 99, 210, 100).apply(windowInto(HUNDREDS));
      passert(groupsUntil(numbers)).containsInAnyOrder([
        "1,17,99 until 99",
        "100 until 100",
        "210,230 until 230",
        "301 until 301",
      ]);
    },
  },
  {
    category: "Windowing",
    name: "merged as an author says, of each key apart",
    rule: "Windows merge among the elements of one key only, whichever function merges them.",
    build(root) {
      const counts = timed(root, 1, 2, 3, 4, 104)
        .apply(windowInto(HUNDREDS))
        .apply(withKeys((n) => n % 2))
        .apply(countPerKey())
        .apply(reify())
        .map(({ value: { key, value }, window }) => `${value} of ${key} until ${window.maxTimestamp}`);
      passert(counts).containsInAnyOrder(["2 of 1 until 3", "2 of 0 until 4", "1 of 0 until 104"]);
    },
  },
  {
    category: "Windowing",
    name: "of a side input, looked up as their author says",
    rule: "MapWindows: the side input's WindowFn names its window for a window of the main input.",
    build(root) {
      const halves: CustomWindowFn<number, Turn> = {
        assign: (_, timestamp) => ({ whose: "half", maxTimestamp: timestamp < 50 ? 49 : 99 }),
        sideInputWindow: ({ maxTimestamp }) => ({ whose: "half", maxTimestamp: maxTimestamp < 50 ? 49 : 99 }),
      };
      const all = asIterable(timed(root, 10, 20, 60).apply(windowInto(halves)));
      const seen = timed(root, 1, 55, 95)
        .apply(windowInto(fixedWindows(10)))
        .map((n, context) => `${n}: ${[...context.all].sort()}`, { all });
      passert(seen).containsInAnyOrder(["1: 10,20", "55: 60", "95: 60"]);
    },
  },
  {
    category: "Windowing",
    name: "that an author's function does not name",
    rule: "A WindowFn that assigns no window fails the job, which says by which transform.",
    build(root) {
      const none = { assign: () => undefined as unknown as Turn };
      groupsUntil(timed(root, 1).apply("No windows", windowInto(none)));
    },
    failure: { code: "user-exception", message: /named undefined for a window.*No windows/ },
  },
];

/** How many sessions of keys there are in each session of all. */
function sessionsTogether(
  root: Root,
  between: (grouped: PCollection<KV<number, Iterable<number>>>) => PCollection<KV<number, Iterable<number>>>,
): PCollection<string> {
  const byKey = timed(root, 0, 2, 20)
    .apply(windowInto(sessions(5)))
    .apply(withKeys((n) => n))
    .apply(groupByKey());
  return between(byKey)
    .apply(withKeys(() => "all"))
    .apply(groupByKey())
    .apply(reify())
    .map(({ value, window }) => `${Array.from(value.value).length} in ${String(window)}`);
}

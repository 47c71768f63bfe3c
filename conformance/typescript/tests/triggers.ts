import {
  afterAll,
  afterAny,
  afterCount,
  afterEach,
  afterProcessingTime,
  afterSynchronizedProcessingTime,
  afterWatermark,
  always,
  asList,
  combinePerKey,
  count,
  create,
  fixedWindows,
  globalWindows,
  groupByKey,
  IntervalWindow,
  type KV,
  never,
  orFinally,
  type PCollection,
  type Root,
  reify,
  repeatedly,
  sessions,
  slidingWindows,
  sum,
  type Trigger,
  type WindowFn,
  type WindowIntoOptions,
  windowInto,
  withKeys,
} from "girder";
import { passert, type TestStream, testStream, testStreams } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

const TEN = fixedWindows(10);

/** Numbers at themselves as timestamps. */
function add(stream: TestStream<number>, ...numbers: number[]): TestStream<number> {
  return stream.addAll(numbers.map((value) => ({ timestamp: value, value })));
}

/** Numbers that come one after the other, each at itself as timestamp. */
const come = (...numbers: number[]): TestStream<number> =>
  numbers.reduce((stream, n) => add(stream, n), testStream<number>());

/** What each pane holds and which one it is: `1,2 EARLY 0`, with `last` if no other follows. */
function panesOf(numbers: PCollection<number>): PCollection<string> {
  return numbers
    .apply(withKeys("k"))
    .apply(groupByKey())
    .apply(reify())
    .map(({ value, pane }) => {
      const values = [...value.value].sort((a, b) => a - b);
      return `${values} ${pane.timing} ${pane.index}${pane.isLast ? " last" : ""}`;
    });
}

interface Given {
  readonly windowFn?: WindowFn;
  readonly options?: WindowIntoOptions;
}

/** A test of the panes of a stream in windows of ten, unless other ones are given. */
function triggered(
  name: string,
  rule: string,
  trigger: Trigger,
  stream: TestStream<number>,
  expected: readonly string[],
  { windowFn = TEN, options = {} }: Given = {},
): ConformanceTest {
  return {
    category: "Triggers",
    name,
    rule,
    build(root) {
      const windowed = root
        .apply(stream)
        .apply(windowInto(windowFn, { trigger, allowUnsafeTriggers: true, ...options }));
      passert(panesOf(windowed)).containsInAnyOrder(expected);
    },
  };
}

const EARLY_AND_LATE = afterWatermark({ early: afterCount(2), late: afterCount(1) });
const ACCUMULATING = { accumulationMode: "ACCUMULATING" } as const;
const NONEMPTY = { onTimeBehavior: "FIRE_IF_NONEMPTY" } as const;

export const TRIGGERS: readonly ConformanceTest[] = [
  {
    category: "Triggers",
    name: "default: a pane at the window's end, and one for each late element",
    rule: "Trigger.Default: when the watermark passes the window's end, then for everything that is late.",
    build(root) {
      const stream = add(add(come(1, 2).advanceWatermark(10), 3), 4).advanceWatermark(20);
      const windowed = root.apply(stream).apply(windowInto(TEN, { allowedLateness: 5 }));
      passert(panesOf(windowed)).containsInAnyOrder(["1,2 ON_TIME 0", "3 LATE 1", "4 LATE 2"]);
    },
  },
  triggered(
    "after the watermark: one pane on time",
    "Trigger.AfterEndOfWindow: without late firings the trigger has finished.",
    afterWatermark(),
    add(come(1, 2, 3).advanceWatermark(10), 4),
    ["1,2,3 ON_TIME 0 last"],
    { options: { allowedLateness: 5 } },
  ),
  triggered(
    "after the watermark: early panes, one on time, late ones",
    "Trigger.AfterEndOfWindow: early and late firings are each repeated while it is their turn.",
    EARLY_AND_LATE,
    add(add(come(1, 2, 3, 4, 5).advanceWatermark(10), 6), 7),
    ["1,2 EARLY 0", "3,4 EARLY 1", "5 ON_TIME 2", "6 LATE 3", "7 LATE 4"],
    { options: { allowedLateness: 5 } },
  ),
  triggered(
    "accumulating panes hold what was there before",
    "AccumulationMode.ACCUMULATING: a pane holds all elements of the window so far.",
    EARLY_AND_LATE,
    add(come(1, 2, 3).advanceWatermark(10), 4),
    ["1,2 EARLY 0", "1,2,3 ON_TIME 1", "1,2,3,4 LATE 2"],
    { options: { allowedLateness: 5, ...ACCUMULATING } },
  ),
  triggered(
    "a pane on time has nothing if nothing came",
    "OnTimeBehavior.FIRE_ALWAYS: a window that has had elements has a pane on time.",
    EARLY_AND_LATE,
    come(1, 2).advanceWatermark(10),
    ["1,2 EARLY 0", " ON_TIME 1 last"],
    { options: { allowedLateness: 0 } },
  ),
  triggered(
    "a pane on time is left out if nothing came",
    "OnTimeBehavior.FIRE_IF_NONEMPTY: a pane on time has something new.",
    EARLY_AND_LATE,
    come(1, 2).advanceWatermark(10),
    ["1,2 EARLY 0"],
    { options: NONEMPTY },
  ),
  triggered(
    "a last pane may be asked for",
    "ClosingBehavior.EMIT_ALWAYS: a window that expires has a last pane, even if it holds nothing new.",
    EARLY_AND_LATE,
    come(1, 2, 3).advanceWatermark(10),
    ["1,2 EARLY 0", "1,2,3 ON_TIME 1", "1,2,3 LATE 2 last"],
    { options: { allowedLateness: 5, closingBehavior: "EMIT_ALWAYS", ...ACCUMULATING } },
  ),
  triggered(
    "after a count: once, and what comes then is lost",
    "Trigger.ElementCount: fires once the pane has so many elements, and has finished.",
    afterCount(2),
    come(1, 2, 3, 4),
    ["1,2 EARLY 0 last"],
  ),
  triggered(
    "repeatedly after a count: a pane for so many",
    "Trigger.Repeat: a trigger that has finished begins anew; what is left comes when the window expires.",
    repeatedly(afterCount(2)),
    come(1, 2, 3, 4, 5),
    ["1,2 EARLY 0", "3,4 EARLY 1", "5 ON_TIME 2 last"],
  ),
  triggered(
    "always: a pane for each element",
    "Trigger.Always: fires whenever it is asked, after each element and at the window's end.",
    always(),
    come(1, 2, 3),
    ["1 EARLY 0", "2 EARLY 1", "3 EARLY 2"],
    { options: NONEMPTY },
  ),
  triggered(
    "never: what there is when the window expires",
    "Trigger.Never: nothing is emitted before the window expires; then what there is.",
    never(),
    add(come(1, 2).advanceWatermark(10), 3),
    ["1,2,3 ON_TIME 0 last"],
    { options: { allowedLateness: 5 } },
  ),
  triggered(
    "after processing time: so long after the first element",
    "Trigger.AfterProcessingTime: delay_millis after the arrival of the pane's first element.",
    repeatedly(afterProcessingTime({ delay: 1000 })),
    add(add(come(1).advanceProcessingTime(600), 2).advanceProcessingTime(500), 3).advanceProcessingTime(500),
    ["1,2 EARLY 0", "3 ON_TIME 1 last"],
  ),
  triggered(
    "after processing time, early: again and again",
    "Trigger.AfterEndOfWindow with early firings by the clock: each delay begins with a pane's first element.",
    afterWatermark({ early: afterProcessingTime({ delay: 1000 }) }),
    add(
      add(come(1).advanceProcessingTime(1100), 2, 3).advanceProcessingTime(1100).advanceProcessingTime(1100),
      4,
    ).advanceWatermark(10),
    ["1 EARLY 0", "2,3 EARLY 1", "4 ON_TIME 2 last"],
  ),
  triggered(
    "after processing time, aligned: not before the next round instant",
    "TimestampTransform.AlignTo: up to the next instant that is offset after a multiple of the period.",
    // An hour from now is beyond any instant that the clock comes to by itself.
    repeatedly(afterProcessingTime({ delay: 3_600_000, alignTo: { period: 3_600_000 } })),
    add(come(1).advanceProcessingTime(3_599_000), 2).advanceProcessingTime(3_601_000),
    ["1,2 EARLY 0", " ON_TIME 1 last"],
  ),
  triggered(
    "after synchronized processing time: as soon as time moves on",
    "Trigger.AfterSynchronizedProcessingTime: once processing time has passed the arrival of the first element.",
    repeatedly(afterSynchronizedProcessingTime()),
    add(add(testStream<number>(), 1, 2).advanceProcessingTime(10), 3),
    ["1,2 EARLY 0", "3 ON_TIME 1 last"],
  ),
  triggered(
    "each: one after another",
    "Trigger.AfterEach: a part begins when the one before it has finished.",
    afterEach(afterCount(1), afterCount(2), repeatedly(afterCount(3))),
    come(1, 2, 3, 4, 5, 6, 7),
    ["1 EARLY 0", "2,3 EARLY 1", "4,5,6 EARLY 2", "7 ON_TIME 3 last"],
  ),
  triggered(
    "all: when all would fire",
    "Trigger.AfterAll: fires once each part would.",
    repeatedly(afterAll(afterCount(2), afterProcessingTime({ delay: 1000 }))),
    add(come(1).advanceProcessingTime(1100), 2),
    ["1,2 EARLY 0", " ON_TIME 1 last"],
  ),
  triggered(
    "any: when one would fire",
    "Trigger.AfterAny: fires once one part would, and all begin anew with it.",
    repeatedly(afterAny(afterCount(2), afterProcessingTime({ delay: 1000 }))),
    add(come(1, 2, 3).advanceProcessingTime(1100), 4),
    ["1,2 EARLY 0", "3 EARLY 1", "4 ON_TIME 2 last"],
  ),
  triggered(
    "nothing more is said of a window that has said all, and takes late elements",
    "A window ends, then it expires: a pane without anything new would come after the watermark had passed the window's end.",
    repeatedly(afterCount(2)),
    come(1, 2).advanceWatermark(10),
    ["1,2 EARLY 0"],
    { options: { allowedLateness: 5 } },
  ),
  triggered(
    "nothing more is said of it if it ends and expires at once",
    "Whether the watermark moves in one step or in two makes no difference.",
    repeatedly(afterCount(2)),
    come(1, 2),
    ["1,2 EARLY 0"],
    { options: { allowedLateness: 5 } },
  ),
  triggered(
    "or finally: until the end comes",
    "Trigger.OrFinally: as its main trigger, until the other fires, which is the last pane.",
    orFinally(repeatedly(afterCount(2)), afterCount(5)),
    come(1, 2, 3, 4, 5, 6, 7),
    ["1,2 EARLY 0", "3,4 EARLY 1", "5 EARLY 2 last"],
  ),
  triggered(
    "any with the watermark: at the count or at the end",
    "Trigger.AfterAny of a trigger of event time and one of elements.",
    repeatedly(afterAny(afterCount(3), afterWatermark())),
    come(1, 2, 3, 4).advanceWatermark(10),
    ["1,2,3 EARLY 0", "4 ON_TIME 1 last"],
  ),
  triggered(
    "each window has a trigger of its own",
    "The state of a trigger belongs to a key and a window.",
    EARLY_AND_LATE,
    come(1, 11, 2, 12, 3).advanceWatermark(10),
    ["1,2 EARLY 0", "3 ON_TIME 1 last", "11,12 EARLY 0", " ON_TIME 1 last"],
  ),
  {
    category: "Triggers",
    name: "each key has a trigger of its own",
    rule: "The state of a trigger belongs to a key and a window.",
    build(root) {
      const panes = root
        .apply(come(1, 2, 3, 4, 5))
        .apply(windowInto(TEN, { trigger: repeatedly(afterCount(2)) }))
        .apply(withKeys((n) => (n === 5 ? "b" : "a")))
        .apply(groupByKey())
        .apply(reify())
        .map(({ value, pane }) => `${value.key} ${[...value.value]} ${pane.timing}`);
      passert(panes).containsInAnyOrder(["a 1,2 EARLY", "a 3,4 EARLY", "a  ON_TIME", "b 5 ON_TIME"]);
    },
  },
  triggered(
    "in sliding windows, each of an element's windows for itself",
    "An element counts in each of its windows.",
    repeatedly(afterCount(2)),
    come(1, 6),
    ["1 ON_TIME 0 last", "1,6 EARLY 0", " ON_TIME 1 last", "6 ON_TIME 0 last"],
    { windowFn: slidingWindows(10, 5) },
  ),
  triggered(
    "in the global window, without waiting for its end",
    "A trigger that does not wait for the watermark fires in windows without end, too.",
    repeatedly(afterCount(3)),
    come(1, 2, 3, 4, 5, 6, 7),
    ["1,2,3 EARLY 0", "4,5,6 EARLY 1", "7 ON_TIME 2 last"],
    { windowFn: globalWindows() },
  ),
  triggered(
    "in sessions: merged windows count the elements of all",
    "When windows merge, so do their triggers: a count goes on from the sum.",
    afterWatermark({ early: afterCount(3) }),
    // 1 and 12 are apart, until 6 joins them.
    come(1, 12, 6),
    ["1,6,12 EARLY 0", " ON_TIME 1 last"],
    { windowFn: sessions(10) },
  ),
  triggered(
    "in sessions: a late element may join a session that is open",
    "A late element of a session that has not expired is taken, whether or not its own window has.",
    afterWatermark({ late: afterCount(1) }),
    add(come(1, 8).advanceWatermark(14), 2).advanceWatermark(30),
    ["1,2,8 ON_TIME 0"],
    { windowFn: sessions(10), options: { allowedLateness: 100 } },
  ),
  triggered(
    "in sessions: early panes accumulate what has merged",
    "An accumulating pane of a merged window holds the elements of all windows that it was.",
    afterWatermark({ early: always() }),
    come(1, 6),
    ["1 EARLY 0", "1,6 EARLY 0", "1,6 ON_TIME 1 last"],
    { windowFn: sessions(10), options: ACCUMULATING },
  ),
  {
    category: "Triggers",
    name: "give panes the timestamps that were asked for",
    rule: "OutputTime: the end of the window, or the earliest or latest timestamp of the pane's elements.",
    build(root) {
      for (const outputTime of ["END_OF_WINDOW", "EARLIEST_IN_PANE", "LATEST_IN_PANE"] as const) {
        const times = root
          .apply(`Stream ${outputTime}`, come(3, 5, 6, 8))
          .apply(windowInto(TEN, { trigger: repeatedly(afterCount(2)), outputTime, ...NONEMPTY }))
          .apply(withKeys("k"))
          .apply(groupByKey())
          .apply(reify())
          .map(({ timestamp }) => timestamp);
        passert(times).containsInAnyOrder(
          { END_OF_WINDOW: [9, 9], EARLIEST_IN_PANE: [3, 6], LATEST_IN_PANE: [5, 8] }[outputTime],
        );
      }
    },
  },
  {
    category: "Triggers",
    name: "are told in assertions about panes",
    rule: "PaneInfo: timing, whether it is the first or last, and its place among all and among those that are not early.",
    build(root) {
      const window = new IntervalWindow(0, 10);
      const panes = root
        .apply(add(come(1, 2, 3).advanceWatermark(10), 4))
        .apply(windowInto(TEN, { trigger: EARLY_AND_LATE, allowedLateness: 5 }))
        .apply(withKeys("k"))
        .apply(groupByKey())
        .apply(reify())
        .map(({ value, pane }) => `${[...value.value]} ${pane.isFirst} ${pane.index} ${pane.nonSpeculativeIndex}`);
      passert(panes).inEarlyPanes(window).containsInAnyOrder(["1,2 true 0 -1"]);
      passert(panes).inOnTimePane(window).isSingleton("3 false 1 0");
      passert(panes).inLatePanes(window).isSingleton("4 false 2 1");
    },
  },
  {
    category: "Triggers",
    name: "let panes through a second grouping as they come",
    rule: "After a grouping the trigger is its continuation: no count is waited for a second time.",
    build(root) {
      const again = root
        .apply(come(1, 2, 3, 4, 5))
        .apply(windowInto(TEN, { trigger: repeatedly(afterCount(2)), ...NONEMPTY }))
        .apply(withKeys("k"))
        .apply(groupByKey())
        .map(({ key, value }): KV<string, string> => ({ key, value: `${[...value]}` })) as PCollection<
        KV<string, string>
      >;
      const panes = again
        .apply(groupByKey())
        .apply(reify())
        .map(({ value, pane }) => `${[...value.value].join(" and ")} ${pane.index}`);
      passert(panes).containsInAnyOrder(["1,2 0", "3,4 1", "5 2"]);
    },
  },
  {
    category: "Triggers",
    name: "by the clock delay but once",
    rule: "AfterProcessingTime is continued by AfterSynchronizedProcessingTime, which does not add its delay.",
    build(root) {
      const again = root
        .apply(add(come(1).advanceProcessingTime(1001), 2).advanceProcessingTime(10).advanceProcessingTime(1))
        .apply(windowInto(TEN, { trigger: repeatedly(afterProcessingTime({ delay: 1000 })), ...NONEMPTY }))
        .apply(withKeys("k"))
        .apply(groupByKey())
        .map(({ key, value }): KV<string, string> => ({ key, value: `${[...value]}` })) as PCollection<
        KV<string, string>
      >;
      const panes = again
        .apply(groupByKey())
        .apply(reify())
        .map(({ value, pane }) => `${[...value.value].join(" and ")} ${pane.timing}`);
      passert(panes).containsInAnyOrder(["1 EARLY", "2 ON_TIME"]);
    },
  },
  {
    category: "Triggers",
    name: "are asked of combined values as of others",
    rule: "A combine may be lifted only where its trigger does not look at single elements.",
    build(root) {
      const combined = (name: string, trigger: Trigger, accumulationMode: "DISCARDING" | "ACCUMULATING") =>
        root
          .apply(name, add(come(1, 2, 3, 4).advanceProcessingTime(1100), 5).advanceWatermark(10))
          .apply(windowInto(TEN, { trigger, accumulationMode, ...NONEMPTY }))
          .apply(withKeys("k"))
          .apply(combinePerKey(sum))
          .map(({ value }) => value);
      passert(combined("Counting", repeatedly(afterCount(2)), "DISCARDING")).containsInAnyOrder([3, 7, 5]);
      passert(combined("Summing up", repeatedly(afterCount(2)), "ACCUMULATING")).containsInAnyOrder([3, 10, 15]);
      const byTheClock = afterWatermark({ early: afterProcessingTime({ delay: 1000 }) });
      passert(combined("By the clock", byTheClock, "DISCARDING")).containsInAnyOrder([10, 5]);
      passert(combined("By the clock, summing up", byTheClock, "ACCUMULATING")).containsInAnyOrder([10, 15]);
    },
  },
  {
    category: "Triggers",
    name: "of combines give outputs for panes of nothing",
    rule: "OnTimeBehavior.FIRE_ALWAYS: what a CombineFn makes of no elements is its output for nothing.",
    build(root) {
      const counted = root
        .apply(come(1, 2).advanceWatermark(10))
        .apply(windowInto(TEN, { trigger: afterWatermark({ early: afterCount(2) }) }))
        .apply(withKeys("k"))
        .apply(combinePerKey(count))
        .apply(reify())
        .map(({ value, pane }) => `${value.value} ${pane.timing}`);
      passert(counted).containsInAnyOrder(["2 EARLY", "0 ON_TIME"]);
    },
  },
  {
    category: "Triggers",
    name: "decide when a side input can be looked up",
    rule: "A side input with a trigger is there from its first pane on; what comes later is seen by later elements.",
    build(root) {
      const streams = testStreams<{ main: string; side: number }>(["main", "side"])
        .add("side", 1, 1)
        .add("main", 1, "a")
        .add("side", 2, 2)
        .add("main", 2, "b");
      const { main, side } = root.apply(streams);
      const grouped = side
        .apply(windowInto(globalWindows(), { trigger: repeatedly(afterCount(1)), ...ACCUMULATING }))
        .apply(withKeys("k"))
        .apply(combinePerKey(sum))
        .map(({ value }) => value);
      const seen = main.map((word, { sums }) => `${word}: ${sums}`, { sums: asList(grouped) });
      passert(seen).containsInAnyOrder(["a: 1", "b: 3"]);
    },
  },
  {
    category: "Triggers",
    name: "are refused where they may lose data",
    rule: "A trigger that may finish loses what its window gets afterwards.",
    build: (root: Root) => root.apply(create([1])).apply("Lossy", windowInto(TEN, { trigger: afterCount(2) })),
    failure: { code: "invalid-argument", message: /may finish.*Lossy.*repeatedly.*allowUnsafeTriggers/s },
  },
  {
    category: "Triggers",
    name: "are refused where late elements would be lost",
    rule: "AfterEndOfWindow without late firings has finished when late elements come.",
    build: (root: Root) =>
      root.apply(create([1])).apply("Lossy", windowInto(TEN, { trigger: afterWatermark(), allowedLateness: 1 })),
    failure: { code: "invalid-argument", message: /may finish.*Lossy.*late: afterCount\(1\)/s },
  },
  {
    category: "Triggers",
    name: "are refused where they never fire",
    rule: "A trigger that never fires emits nothing before its window expires.",
    build: (root: Root) =>
      root.apply(create([1])).apply("Mute", windowInto(TEN, { trigger: afterAll(never(), always()) })),
    failure: { code: "invalid-argument", message: /never fires.*Mute/s },
  },
];

import {
  bagState,
  bundleFinalizer,
  combiningState,
  countPerElement,
  create,
  type DoFn,
  fixedWindows,
  flatten,
  globalWindows,
  IntervalWindow,
  type KV,
  P,
  type PCollection,
  type Resolved,
  type Root,
  reify,
  singleton,
  sum,
  timestampParam,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert, testStream, testStreams } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

/** How often each element occurs in its window, and in which pane. */
function counts(input: PCollection<string>): PCollection<string> {
  return input
    .apply(countPerElement())
    .apply(reify())
    .map(({ value, window, pane }) => `${value.value} ${value.key} in ${String(window)} ${pane.timing}`);
}

const FIRST = new IntervalWindow(0, 10);

/** Asks to be told of the commit of each bundle, and tells elements of later bundles whether it was. */
class Acknowledging implements DoFn<number, string, typeof Acknowledging.CONTEXT> {
  static readonly CONTEXT = { finalizer: bundleFinalizer() };
  readonly #committed = new Set<number>();

  process(n: number, { finalizer }: Resolved<typeof Acknowledging.CONTEXT>): string[] {
    finalizer.afterCommit(() => {
      this.#committed.add(n);
    });
    return [`${n} after ${[...this.#committed].sort()}`];
  }
}

/** Remembers with what each element came, however often it does. */
class Remembering implements DoFn<KV<number, number>, string> {
  readonly requiresStableInput = true;
  readonly #seen = new Map<number, number>();

  process({ key, value }: KV<number, number>): string[] {
    const before = this.#seen.get(key) ?? value;
    this.#seen.set(key, value);
    return [`${key} ${before === value ? "as before" : "changed"}`];
  }
}

export const STREAMS: readonly ConformanceTest[] = [
  {
    category: "TestStream",
    name: "gives its elements, at their timestamps",
    rule: "beam:transform:teststream:v1: elements have the timestamps that they are given, in the global window.",
    build(root) {
      const stream = testStream<string>()
        .add(1, "a", "b")
        .addAll([
          { timestamp: -5, value: "c" },
          { timestamp: 7, value: "a" },
        ]);
      const timed = root.apply(stream).map((value, { at }) => `${value}@${at}`, { at: timestampParam() });
      passert(timed).containsInAnyOrder(["a@1", "b@1", "c@-5", "a@7"]);
    },
  },
  {
    category: "TestStream",
    name: "without elements gives none",
    rule: "A stream that has come to its end is complete.",
    build(root) {
      passert(root.apply(testStream<string>().advanceWatermark(5))).isEmpty();
    },
  },
  {
    category: "TestStream",
    name: "moves the watermark",
    rule: "A window is complete when the watermark passes its end; what comes after that is late.",
    build(root) {
      const stream = testStream<string>().add(1, "a").advanceWatermark(9).add(2, "a").advanceWatermark(10).add(3, "a");
      const counted = root
        .apply(stream)
        .apply(windowInto(fixedWindows(10), { allowedLateness: 1 }))
        .apply(counts);
      passert(counted).containsInAnyOrder(["2 a in [0, 10) ON_TIME", "1 a in [0, 10) LATE"]);
    },
  },
  {
    category: "TestStream",
    name: "has late elements dropped",
    rule: "Elements of a window that has expired, its end and the allowed lateness having passed, are dropped.",
    build(root) {
      const stream = testStream<string>()
        .add(1, "a")
        .advanceWatermark(14)
        .add(2, "late")
        .advanceWatermark(16)
        .add(3, "too late")
        .add(17, "b");
      const counted = root
        .apply(stream)
        .apply(windowInto(fixedWindows(10), { allowedLateness: 5 }))
        .apply(counts);
      passert(counted).containsInAnyOrder([
        "1 a in [0, 10) ON_TIME",
        "1 late in [0, 10) LATE",
        "1 b in [10, 20) ON_TIME",
      ]);
    },
  },
  {
    category: "TestStream",
    name: "drops nothing where nothing is grouped",
    rule: "Only what gathers by window drops late elements.",
    build(root) {
      const stream = testStream<string>().advanceWatermark(100).add(1, "late");
      const mapped = root
        .apply(stream)
        .apply(windowInto(fixedWindows(10)))
        .map((word) => word.length);
      passert(mapped).isSingleton(4);
    },
  },
  {
    category: "TestStream",
    name: "has late elements kept from state",
    rule: "What keeps state by window sees no elements of windows that have expired.",
    build(root) {
      const stream = testStream<KV<string, number>>()
        .add(1, { key: "k", value: 1 })
        .advanceWatermark(30)
        .add(2, { key: "k", value: 2 })
        .add(31, { key: "k", value: 3 });
      const sums = root
        .apply(stream)
        .apply(windowInto(fixedWindows(10)))
        .map(
          ({ value }, { total }) => {
            total.add(value);
            return total.read();
          },
          { total: combiningState("total", sum) },
        );
      passert(sums).containsInAnyOrder([1, 3]);
    },
  },
  {
    category: "TestStream",
    name: "of several tags has a watermark for each",
    rule: "AdvanceWatermark.tag: the watermark of a Flatten is that of its slowest input.",
    build(root) {
      const streams = testStreams<{ quick: string; slow: string }>(["quick", "slow"])
        .add("quick", 1, "a")
        .advanceWatermark("quick", 20)
        .add("slow", 2, "a")
        .advanceWatermarkToInfinity("slow")
        .add("quick", 3, "a");
      const { quick, slow } = root.apply(streams);
      const all = P([quick, slow]).apply(flatten());
      passert(all.apply(windowInto(fixedWindows(10), { allowedLateness: 100 })).apply(counts)).containsInAnyOrder([
        "2 a in [0, 10) ON_TIME",
        "1 a in [0, 10) LATE",
      ]);
      passert(quick.apply(windowInto(fixedWindows(10), { allowedLateness: 100 })).apply(counts)).containsInAnyOrder([
        "1 a in [0, 10) ON_TIME",
        "1 a in [0, 10) LATE",
      ]);
    },
  },
  {
    category: "TestStream",
    name: "may be one of several in a pipeline",
    rule: "Streams that know nothing of each other each run to their end.",
    build(root) {
      const one = root.apply("One", testStream<string>().add(1, "a").advanceWatermark(10).add(11, "b"));
      const other = root.apply("Other", testStream<string>().add(1, "a").advanceProcessingTime(5).add(2, "c"));
      passert(P([one, other]).apply(flatten())).containsInAnyOrder(["a", "b", "a", "c"]);
    },
  },
  {
    category: "TestStream",
    name: "makes elements wait for a side input of theirs",
    rule: "An element waits until the watermark of its side input has passed the side input's window.",
    build(root) {
      const streams = testStreams<{ main: string; side: number }>(["main", "side"])
        .add("main", 1, "a")
        .add("side", 2, 7)
        .advanceWatermark("side", 10)
        .add("side", 12, 8)
        .add("main", 13, "b");
      const { main, side } = root.apply(streams);
      const windowed = side.apply(windowInto(fixedWindows(10)));
      const seen = main
        .apply(windowInto(fixedWindows(10)))
        .map((word, { number }) => `${word}${number}`, { number: singleton(windowed) });
      passert(seen).containsInAnyOrder(["a7", "b8"]);
    },
  },
  {
    category: "TestStream",
    name: "is refused where its watermark goes back",
    rule: "A watermark is a promise: it only moves on.",
    build: (root: Root) => root.apply(testStream<string>().advanceWatermark(7).advanceWatermark(6)),
    failure: { code: "invalid-argument", message: /would go back from 7 to 6/ },
  },
  {
    category: "TestStream",
    name: "is refused where it is grouped in the global window",
    rule: "A window without end is complete never: what has no end is grouped in others, or with a trigger.",
    build: (root: Root) => root.apply(testStream<string>().add(1, "a")).apply(countPerElement()),
    failure: { code: "invalid-pipeline", message: /in the global window, which is never complete.*GroupByKey/s },
  },
  {
    category: "TimeSortedInput",
    name: "comes in the order of its timestamps",
    rule: "requires_time_sorted_input: elements are processed in the order of their timestamps.",
    build(root) {
      const numbers = Array.from({ length: 20 }, (_, i) => (i * 7) % 20);
      const order = root
        .apply(create(numbers))
        .apply(withTimestamps((n) => n))
        .apply(withKeys("k"))
        .parDo(
          {
            requiresTimeSortedInput: true,
            process({ value }, { seen }) {
              seen.add(value);
              return value === 19 ? [seen.read().join()] : [];
            },
          },
          { seen: bagState<number>("seen") },
        );
      passert(order).isSingleton(Array.from({ length: 20 }, (_, i) => i).join());
    },
  },
  {
    category: "TimeSortedInput",
    name: "comes once no earlier element can",
    rule: "requires_time_sorted_input: an element waits until the watermark has passed it.",
    build(root) {
      const pair = (value: number) => ({ key: "k", value });
      const stream = testStream<KV<string, number>>()
        .addAll([5, 3].map((n) => ({ timestamp: n, value: pair(n) })))
        .advanceWatermark(4)
        .add(4, pair(4))
        .advanceWatermark(10)
        .addAll([13, 11].map((n) => ({ timestamp: n, value: pair(n) })));
      const order = root
        .apply(stream)
        .apply(windowInto(globalWindows()))
        .parDo(
          {
            requiresTimeSortedInput: true,
            process({ value }, { seen }) {
              seen.add(value);
              return [seen.read().join()];
            },
          },
          { seen: bagState<number>("seen") },
        );
      passert(order).containsInAnyOrder(["3", "3,4", "3,4,5", "3,4,5,11", "3,4,5,11,13"]);
    },
  },
  {
    category: "TimeSortedInput",
    name: "waits for late elements as long as its window takes them",
    rule: "requires_time_sorted_input: an element waits until no earlier one can come, those that are allowed to be late included.",
    build(root) {
      const pair = (value: number) => ({ key: "k", value });
      const stream = testStream<KV<string, number>>()
        .add(5, pair(5))
        .advanceWatermark(7)
        .add(2, pair(2))
        .advanceWatermark(30);
      const order = root
        .apply(stream)
        .apply(windowInto(fixedWindows(10), { allowedLateness: 5 }))
        .parDo(
          {
            requiresTimeSortedInput: true,
            process({ value }, { seen }) {
              seen.add(value);
              return [seen.read().join()];
            },
          },
          { seen: bagState<number>("seen") },
        );
      passert(order).inWindow(FIRST).containsInAnyOrder(["2", "2,5"]);
    },
  },
  {
    category: "StableInput",
    name: "is the same when it comes again",
    rule: "requires_stable_input: what a bundle that is tried again is given was decided before it was first tried.",
    build(root) {
      const remembered = root
        .apply(create([1, 2, 3, 4, 5]))
        .map((key) => ({ key, value: Math.random() }))
        .parDo(new Remembering());
      passert(remembered).containsInAnyOrder([1, 2, 3, 4, 5].map((n) => `${n} as before`));
    },
  },
  {
    category: "BundleFinalization",
    name: "is told once a bundle is committed",
    rule: "requests_finalization, FinalizeBundle: a callback comes after the commit of the bundle that asked for it.",
    build(root) {
      const stream = testStream<number>().add(1, 1).add(2, 2).add(3, 3);
      const acknowledged = root.apply(stream).parDo(new Acknowledging(), Acknowledging.CONTEXT);
      passert(acknowledged).containsInAnyOrder(["1 after ", "2 after 1", "3 after 1,2"]);
    },
  },
];

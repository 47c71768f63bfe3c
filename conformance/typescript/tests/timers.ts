import {
  bagState,
  combiningState,
  countPerElement,
  create,
  eventTimer,
  eventTimers,
  fixedWindows,
  globalWindows,
  type KV,
  type PCollection,
  processingTimer,
  processingTimers,
  type Reified,
  type Root,
  reify,
  slidingWindows,
  sum,
  timestampParam,
  valueState,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert, type TestStream, testStream } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

type Pair = KV<string, number>;

/** Elements of the key "k". */
function pairs(...values: number[]): Pair[] {
  return values.map((value) => ({ key: "k", value }));
}

/** What an output is and where it stands: `value at 5 in [0, 10)`. */
function placed(outputs: PCollection<string>): PCollection<string> {
  return outputs
    .apply(reify())
    .map(({ value, timestamp, window }: Reified<string>) => `${value} at ${timestamp} in ${String(window)}`);
}

/** A test of timers over a test stream in windows of ten; the outputs must be these. */
function timers(
  name: string,
  rule: string,
  stream: TestStream<Pair>,
  apply: (input: PCollection<Pair>) => PCollection<string>,
  expected: readonly string[],
  allowedLateness = 0,
): ConformanceTest {
  return {
    category: "Timers",
    name,
    rule,
    build(root) {
      const input = root.apply(stream).apply(windowInto(fixedWindows(10), { allowedLateness }));
      passert(apply(input)).containsInAnyOrder(expected);
    },
  };
}

const NONE = testStream<Pair>();

export const TIMERS: readonly ConformanceTest[] = [
  timers(
    "of event time fires once the watermark has passed it",
    "timer_family_specs, EVENT_TIME: a timer fires when the input watermark is past it, after the elements that came before.",
    NONE.add(1, ...pairs(1))
      .advanceWatermark(5)
      .add(2, ...pairs(2))
      .advanceWatermark(6)
      .add(7, ...pairs(3)),
    (input) =>
      placed(
        input.parDo(
          {
            process({ value }, { seen, flush }) {
              seen.add(value);
              flush.set(5);
            },
            onTimer: { flush: ({ key, fireTimestamp }, { seen }) => [`${key} ${seen.read()} ${fireTimestamp}`] },
          },
          { seen: bagState<number>("seen"), flush: eventTimer("flush") },
        ),
      ),
    ["k 1,2 5 at 5 in [0, 10)", "k 1,2,3 5 at 5 in [0, 10)"],
  ),
  {
    category: "Timers",
    name: "of event time fires at the end of a bounded input",
    rule: "The watermark of a bounded input comes to the end of time.",
    build(root) {
      const fired = root
        .apply(create([1, 2, 12]))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(fixedWindows(10)))
        .apply(withKeys("k"))
        .parDo(
          {
            process({ value }, { total, flush }) {
              total.add(value);
              flush.set(value < 10 ? 9 : 19);
            },
            onTimer: { flush: (_, { total }) => [`${total.read()}`] },
          },
          { total: combiningState("total", sum), flush: eventTimer("flush") },
        );
      passert(placed(fired)).containsInAnyOrder(["3 at 9 in [0, 10)", "12 at 19 in [10, 20)"]);
    },
  },
  timers(
    "that is set again fires when it was set to last",
    "A timer is named by its family, tag, key and window: setting it replaces it.",
    NONE.add(1, ...pairs(3, 7, 5)),
    (input) =>
      placed(
        input.parDo(
          { process: ({ value }, { flush }) => flush.set(value), onTimer: { flush: () => ["fired"] } },
          { flush: eventTimer("flush") },
        ),
      ),
    ["fired at 5 in [0, 10)"],
  ),
  timers(
    "that is cleared does not fire, unless it is set again",
    "clear_bit: a timer that was cleared is not set.",
    NONE.add(1, ...pairs(1))
      .add(2, ...pairs(2))
      .advanceWatermark(10)
      .add(11, ...pairs(1, 2, 3)),
    (input) =>
      placed(
        input.parDo(
          {
            process({ value }, { flush, at }) {
              if (value === 2) flush.clear();
              else flush.set(at < 10 ? 9 : 19);
            },
            onTimer: { flush: () => ["fired"] },
          },
          { flush: eventTimer("flush"), at: timestampParam() },
        ),
      ),
    ["fired at 19 in [10, 20)"],
  ),
  timers(
    "may set itself again and again",
    "A callback may set the timer that it is called for: a looping timer.",
    NONE.add(1, ...pairs(1)),
    (input) =>
      placed(
        input.parDo(
          {
            process: (_, { tick }) => tick.set(2),
            onTimer: {
              tick({ fireTimestamp }, { tick, count }) {
                count.add(1);
                if (fireTimestamp < 8) tick.set(fireTimestamp + 2);
                return [`${count.read()}`];
              },
            },
          },
          { tick: eventTimer("tick"), count: combiningState("count", sum) },
        ),
      ),
    [2, 4, 6, 8].map((at, i) => `${i + 1} at ${at} in [0, 10)`),
  ),
  timers(
    "fire in the order of their timestamps",
    "Of a key and window, timers fire in the order of time; each sees what those before it have done.",
    NONE.add(1, ...pairs(1)),
    (input) =>
      input.parDo(
        {
          process(_, { all }) {
            for (const at of [7, 3, 5]) all.get(`${at}`).set(at);
          },
          onTimer: {
            all({ tag }, { log }) {
              log.add(tag);
              return [log.read().join()];
            },
          },
        },
        { all: eventTimers("all"), log: bagState<string>("log") },
      ),
    ["3", "3,5", "3,5,7"],
  ),
  timers(
    "that another has cleared or set anew do not fire as they were",
    "What a callback does to timers that are due takes effect before they fire.",
    NONE.add(1, ...pairs(1)),
    (input) =>
      placed(
        input.parDo(
          {
            process(_, { first, second, third }) {
              first.set(5);
              second.set(6);
              third.set(6);
            },
            onTimer: {
              first(_, { second, third }) {
                second.clear();
                third.set(9);
              },
              second: () => ["second"],
              third: () => ["third"],
            },
          },
          { first: eventTimer("first"), second: eventTimer("second"), third: eventTimer("third") },
        ),
      ),
    ["third at 9 in [0, 10)"],
  ),
  timers(
    "output where they were told to",
    "hold_timestamp: what a callback outputs is at the timer's output timestamp.",
    NONE.add(4, ...pairs(1)),
    (input) =>
      placed(
        input.parDo(
          {
            process: (_, { flush }) => flush.set(9, { outputTimestamp: 6 }),
            onTimer: { flush: ({ timestamp, fireTimestamp }) => [`${timestamp} ${fireTimestamp}`] },
          },
          { flush: eventTimer("flush") },
        ),
      ),
    ["6 9 at 6 in [0, 10)"],
  ),
  {
    category: "Timers",
    name: "hold the watermark at what they output",
    rule: "hold_timestamp: the output watermark waits for it, so that what comes of the timer is not late.",
    build(root) {
      const counts = root
        .apply(NONE.add(4, ...pairs(1)).advanceWatermark(35))
        .apply(windowInto(globalWindows()))
        .parDo(
          {
            process: (_, { flush }) => flush.set(30, { outputTimestamp: 5 }),
            onTimer: { flush: () => ["late?"] },
          },
          { flush: eventTimer("flush") },
        )
        .apply(windowInto(fixedWindows(10)))
        .apply(countPerElement())
        .apply(reify())
        .map(({ value, window, pane }) => `${value.value} in ${String(window)} ${pane.timing}`);
      passert(counts).containsInAnyOrder(["1 in [0, 10) ON_TIME"]);
    },
  },
  timers(
    "of one family are told apart by their tags",
    "dynamic_timer_tag: timers of a family are set and cleared one by one.",
    NONE.add(1, ...pairs(2, 5, 7)),
    (input) =>
      placed(
        input.parDo(
          {
            process({ value }, { all }) {
              all.get(value % 2 === 0 ? "even" : "odd").set(value + 1);
              if (value === 5) all.get("even").clear();
            },
            onTimer: { all: ({ tag }) => [tag] },
          },
          { all: eventTimers("all") },
        ),
      ),
    ["odd at 8 in [0, 10)"],
  ),
  timers(
    "of several families are told apart by their names",
    "Each family has timers, and a callback, of its own.",
    NONE.add(1, ...pairs(1)),
    (input) =>
      placed(
        input.parDo(
          {
            process(_, { a, b }) {
              a.set(3);
              b.set(3);
            },
            onTimer: { a: () => ["a"], b: () => ["b"] },
          },
          { a: eventTimer("a"), b: eventTimer("b") },
        ),
      ),
    ["a at 3 in [0, 10)", "b at 3 in [0, 10)"],
  ),
  timers(
    "that are set to what is past fire at once",
    "A timer that the watermark has passed already is due.",
    NONE.add(1, ...pairs(1))
      .advanceWatermark(8)
      .add(8, ...pairs(2)),
    (input) =>
      input.parDo(
        {
          process({ value }, { past, seen }) {
            seen.add(value);
            if (value === 2) past.set(3);
          },
          onTimer: { past: ({ fireTimestamp }, { seen }) => [`${seen.read()} ${fireTimestamp}`] },
        },
        { past: eventTimer("past"), seen: bagState<number>("seen") },
      ),
    ["1,2 3"],
  ),
  {
    category: "Timers",
    name: "are refused beyond the end of their window",
    rule: "A timer of event time must not fire after its window has expired.",
    build(root) {
      root
        .apply(NONE.add(1, ...pairs(1)))
        .apply(windowInto(fixedWindows(10), { allowedLateness: 5 }))
        .parDo(
          "Timed",
          { process: (_, { flush }) => flush.set(15), onTimer: { flush: () => ["fired"] } },
          { flush: eventTimer("flush") },
        );
    },
    failure: { code: "invalid-argument", message: /is to fire at 15, when its window \[0, 10\) has expired.*Timed/s },
  },
  timers(
    "may fire as long as their window takes late elements",
    "A window expires its allowed lateness after its end.",
    NONE.add(1, ...pairs(1))
      .advanceWatermark(12)
      .add(2, ...pairs(2))
      .advanceWatermark(14),
    (input) =>
      placed(
        input.parDo(
          {
            process({ value }, { flush, seen }) {
              seen.add(value);
              flush.set(13);
            },
            onTimer: { flush: (_, { seen }) => [`${seen.read()}`] },
          },
          { flush: eventTimer("flush"), seen: bagState<number>("seen") },
        ),
      ),
    ["1,2 at 13 in [0, 10)"],
    5,
  ),
  timers(
    "of processing time fire when so much time has passed",
    "PROCESSING_TIME: a timer fires by the clock, whatever the watermark; it outputs where its element stood.",
    NONE.add(3, ...pairs(1))
      .advanceProcessingTime(500)
      .add(4, ...pairs(2))
      .advanceProcessingTime(600)
      .add(5, ...pairs(3)),
    (input) =>
      placed(
        input.parDo(
          {
            process({ value }, { later, seen }) {
              seen.add(value);
              if (value === 1) later.setAfter(1000);
            },
            onTimer: { later: (_, { seen }) => [`${seen.read()}`] },
          },
          { later: processingTimer("later"), seen: bagState<number>("seen") },
        ),
      ),
    ["1,2 at 3 in [0, 10)"],
  ),
  timers(
    "of processing time may set themselves again, and have tags",
    "A looping timer of processing time: each round a while after the one before.",
    NONE.add(3, ...pairs(1))
      .advanceProcessingTime(1000)
      .advanceProcessingTime(1000)
      .advanceProcessingTime(1000),
    (input) =>
      input.parDo(
        {
          process(_, { ticks }) {
            ticks.get("a").setAfter(1000);
            ticks.get("b").setAfter(100);
            ticks.get("b").clear();
          },
          onTimer: {
            ticks({ tag }, { ticks, count }) {
              count.add(1);
              if (count.read() < 3) ticks.get(tag).setAfter(1000);
              return [`${tag}${count.read()}`];
            },
          },
        },
        { ticks: processingTimers("ticks"), count: combiningState("count", sum) },
      ),
    ["a1", "a2", "a3"],
  ),
  {
    category: "Timers",
    name: "of processing time hold the watermark",
    rule: "hold_timestamp: a timer of processing time holds the timestamp of the element that it was set for.",
    build(root) {
      const counts = root
        .apply(
          NONE.add(4, ...pairs(1))
            .advanceWatermark(35)
            .advanceProcessingTime(1000),
        )
        .apply(windowInto(globalWindows()))
        .parDo(
          { process: (_, { later }) => later.setAfter(1000), onTimer: { later: () => ["late?"] } },
          { later: processingTimer("later") },
        )
        .apply(windowInto(fixedWindows(10)))
        .apply(countPerElement())
        .apply(reify())
        .map(({ value, window, pane }) => `${value.value} in ${String(window)} ${pane.timing}`);
      passert(counts).containsInAnyOrder(["1 in [0, 10) ON_TIME"]);
    },
  },
  timers(
    "of one time may set those of the other",
    "Timers of both times are a function's own, each by its clock.",
    NONE.add(1, ...pairs(1))
      .advanceWatermark(5)
      .advanceProcessingTime(1000),
    (input) =>
      placed(
        input.parDo(
          {
            process: (_, { first }) => first.set(4),
            onTimer: { first: (_, { later }) => later.setAfter(1000), later: ({ timestamp }) => [`${timestamp}`] },
          },
          { first: eventTimer("first"), later: processingTimer("later") },
        ),
      ),
    ["4 at 4 in [0, 10)"],
  ),
  {
    category: "Timers",
    name: "are each window's own",
    rule: "An element in several windows sets a timer in each.",
    build(root) {
      const fired = root
        .apply(NONE.add(7, ...pairs(1)))
        .apply(windowInto(slidingWindows(10, 5)))
        .parDo(
          {
            process: (_, { flush }) => flush.set(9),
            onTimer: { flush: ({ window }) => [String(window)] },
          },
          { flush: eventTimer("flush") },
        );
      passert(placed(fired)).containsInAnyOrder(["[0, 10) at 9 in [0, 10)", "[5, 15) at 9 in [5, 15)"]);
    },
  },
  {
    category: "Timers",
    name: "are each key's own",
    rule: "A callback is given its timer's key, and the cells of it.",
    build(root) {
      const keyed = testStream<KV<{ readonly id: number }, number>>().add(
        1,
        ...[1, 2, 3, 4].map((value) => ({ key: { id: value % 2 }, value })),
      );
      const fired = root
        .apply(keyed)
        .apply(windowInto(globalWindows()))
        .parDo(
          {
            process({ value }, { flush, total }) {
              total.add(value);
              flush.set(9);
            },
            onTimer: { flush: ({ key }, { total }) => [`${key.id}: ${total.read()}`] },
          },
          { flush: eventTimer("flush"), total: combiningState("total", sum) },
        );
      passert(fired).containsInAnyOrder(["0: 6", "1: 4"]);
    },
  },
  {
    category: "Timers",
    name: "are refused without a callback",
    rule: "Whoever sets a timer wants to be called.",
    build: (root: Root) =>
      root.apply(NONE.add(1, ...pairs(1))).parDo("Timed", { process: () => {} }, { flush: eventTimer("flush") }),
    failure: { code: "invalid-argument", message: /Nothing is called when the timer "flush".*Timed/s },
  },
  {
    category: "OnWindowExpiration",
    name: "is called for each key and window",
    rule: "on_window_expiration_timer_family_spec: once no element can come any more, and before the state is forgotten.",
    build(root) {
      const expired = root
        .apply(create([1, 2, 3, 12]))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(fixedWindows(10)))
        .apply(withKeys((n) => n % 2))
        .parDo(
          {
            process: ({ value }, { total }) => total.add(value),
            onWindowExpiration: ({ key, window }, { total }) => [`${key} ${String(window)} ${total.read()}`],
          },
          { total: combiningState("total", sum) },
        );
      passert(placed(expired)).containsInAnyOrder([
        "0 [0, 10) 2 at 9 in [0, 10)",
        "1 [0, 10) 4 at 9 in [0, 10)",
        "0 [10, 20) 12 at 19 in [10, 20)",
      ]);
    },
  },
  {
    category: "OnWindowExpiration",
    name: "waits as long as the window takes late elements",
    rule: "A window expires its allowed lateness after its end; later elements do not reach the function.",
    build(root) {
      const expired = root
        .apply(
          NONE.add(1, ...pairs(1))
            .advanceWatermark(14)
            .add(2, ...pairs(2))
            .advanceWatermark(16)
            .add(3, ...pairs(3)),
        )
        .apply(windowInto(fixedWindows(10), { allowedLateness: 5 }))
        .parDo(
          {
            process: ({ value }, { seen }) => seen.add(value),
            onWindowExpiration: (_, { seen }) => [seen.read().join()],
          },
          { seen: bagState<number>("seen") },
        );
      passert(expired).isSingleton("1,2");
    },
  },
  {
    category: "OnWindowExpiration",
    name: "has come for one of an element's windows, and not for another",
    rule: "An element reaches the function in those of its windows that have not expired.",
    build(root) {
      const expired = root
        .apply(
          NONE.add(12, ...pairs(1))
            .advanceWatermark(16)
            .add(12, ...pairs(2)),
        )
        .apply(windowInto(slidingWindows(10, 5)))
        .parDo(
          {
            process: ({ value }, { seen }) => seen.add(value),
            onWindowExpiration: ({ window }, { seen }) => [`${String(window)} ${seen.read().join()}`],
          },
          { seen: bagState<number>("seen") },
        );
      passert(expired).containsInAnyOrder(["[5, 15) 1", "[10, 20) 1,2"]);
    },
  },
  {
    category: "OnWindowExpiration",
    name: "comes after all timers of the window",
    rule: "Timers that are due until the window's expiration fire first.",
    build(root) {
      const log = root
        .apply(NONE.add(1, ...pairs(1)))
        .apply(windowInto(fixedWindows(10)))
        .parDo(
          {
            process: (_, { flush }) => flush.set(9),
            onTimer: { flush: (_, { done }) => done.write("fired") },
            onWindowExpiration: (_, { done }) => [`${done.read()}`],
          },
          { flush: eventTimer("flush"), done: valueState<string>("done") },
        );
      passert(log).isSingleton("fired");
    },
  },
  {
    category: "OnWindowExpiration",
    name: "holds the watermark at the end of the window",
    rule: "What is output when a window expires is in the window, and not late.",
    build(root) {
      const counts = root
        .apply(NONE.add(1, ...pairs(1)).advanceWatermark(30))
        .apply(windowInto(fixedWindows(10)))
        .parDo(
          { process: ({ value }, { seen }) => seen.add(value), onWindowExpiration: () => ["expired"] },
          { seen: bagState<number>("seen") },
        )
        .apply(countPerElement())
        .apply(reify())
        .map(({ value, window, pane }) => `${value.key} in ${String(window)} ${pane.timing}`);
      passert(counts).isSingleton("expired in [0, 10) ON_TIME");
    },
  },
];

import assert from "node:assert/strict";
import type { KV } from "../../portability/coders/index.js";
import { GLOBAL_WINDOW_MAX_TIMESTAMP } from "../../portability/execution/time.js";
import { sum } from "../combiners/sum.js";
import { type Context, paneInfoParam, timestampParam, windowParam } from "../pipeline/context.js";
import type { DoFn } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { type EmbeddedOptions, runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "../transforms/create.js";
import { reify } from "../transforms/reify.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { bagState, combiningState, valueState } from "./state-param.js";
import { eventTimer, eventTimers, processingTimer, processingTimers } from "./timers.js";

const WAYS: readonly (readonly [string, EmbeddedOptions])[] = [
  ["in one go", {}],
  ["in bundles of three", { maxBundleElements: 3 }],
  [
    "with bundles lost and split",
    { failBundles: 0.4, splitBundles: 0.6, bundleAttempts: 30, seed: 3, restoreAlways: true },
  ],
];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Numbers under the key "k", each at itself as timestamp, in windows of ten. */
function pairs(pipeline: Pipeline, numbers: readonly number[]): PCollection<KV<string, number>> {
  const timed = pipeline.apply(create(numbers)).apply(assignTimestamps((n) => n));
  return timed
    .map((value): KV<string, number> => ({ key: "k", value }))
    .apply(windowInto(fixedWindows(10))) as PCollection<KV<string, number>>;
}

/** Runs a DoFn over pairs in each way; its outputs must be these each time, as `value@timestamp`. */
function gives<C extends Context>(
  what: string,
  doFn: () => DoFn<KV<string, number>, string, C>,
  context: () => C,
  expected: readonly string[],
  numbers: readonly number[] = [1, 3, 12],
): void {
  for (const [way, options] of WAYS) {
    it(`${what}, ${way}`, async () => {
      const pipeline = new Pipeline();
      const outputs = pairs(pipeline, numbers).parDo(doFn() as DoFn<KV<string, number>, string>, context() as Context);
      const results = collect(outputs.apply(reify()).map(({ value, timestamp }) => `${value}@${timestamp}`));
      await runEmbedded(pipeline, options);
      assert.deepEqual(results.sort(), [...expected].sort());
    });
  }
}

/** The failure of a timer that is set in a way that cannot be. */
async function refused(
  set: (context: {
    at: number;
    event: { set(...args: unknown[]): void };
    clock: { set(...args: unknown[]): void; setAfter(ms: number): void };
  }) => void,
): Promise<unknown> {
  const pipeline = new Pipeline();
  pairs(pipeline, [3]).parDo(
    "Step",
    { process: (_, context) => set(context as never), onTimer: { event: () => {}, clock: () => {} } },
    { event: eventTimer("event"), clock: processingTimer("clock"), at: timestampParam() },
  );
  return runEmbedded(pipeline).then(
    () => undefined,
    (thrown) => thrown,
  );
}

describe("a timer of event time", () => {
  gives(
    "fires once for a key and window, however often it is set, and outputs at its time",
    () => ({
      process({ value }, { sum: total, flush }) {
        total.add(value);
        flush.set(value < 10 ? 7 : 15);
      },
      onTimer: {
        *flush({ key, window, fireTimestamp, tag }, { sum: total }) {
          yield `${key} ${String(window)} ${total.read()} ${fireTimestamp}${tag}`;
        },
      },
    }),
    () => ({ sum: combiningState("sum", sum), flush: eventTimer("flush") }),
    ["k [0, 10) 4 7@7", "k [10, 20) 12 15@15"],
  );

  gives(
    "does not fire when it is cleared",
    () => ({
      process({ value }, { flush }) {
        if (value === 3) flush.clear();
        else flush.set(value < 10 ? 7 : 15);
      },
      onTimer: { flush: () => ["fired"] },
    }),
    () => ({ flush: eventTimer("flush") }),
    ["fired@15"],
  );

  gives(
    "may set itself again and again",
    () => ({
      process(_, { flush, at }) {
        if (at === 1) flush.set(2);
      },
      onTimer: {
        flush({ fireTimestamp }, { flush, count }) {
          count.add(1);
          if (fireTimestamp < 8) flush.set(fireTimestamp + 2);
          return [`${count.read()}`];
        },
      },
    }),
    () => ({ flush: eventTimer("flush"), count: combiningState("count", sum), at: timestampParam() }),
    ["1@2", "2@4", "3@6", "4@8"],
  );

  gives(
    "fires at once if it is set to what is past",
    () => ({
      process(_, { flush }) {
        flush.set(-100);
      },
      onTimer: { flush: ({ fireTimestamp }) => [`${fireTimestamp}`] },
    }),
    () => ({ flush: eventTimer("flush") }),
    ["-100@-100"],
    [1, 3],
  );

  gives(
    "outputs where it was told to",
    () => ({
      process(_, { flush, at }) {
        flush.set(9, { outputTimestamp: at });
      },
      onTimer: { flush: ({ timestamp, fireTimestamp }, { at }) => [`${timestamp} ${fireTimestamp} ${at}`] },
    }),
    () => ({ flush: eventTimer("flush"), at: timestampParam() }),
    ["5 9 5@5"],
    [5],
  );

  gives(
    "of a family is told from others by its tag",
    () => ({
      process({ value }, { timers }) {
        timers.get(value % 2 === 0 ? "even" : "odd").set(value + 1);
        if (value === 5) timers.get("even").clear();
      },
      onTimer: { timers: ({ tag, fireTimestamp }) => [`${tag} ${fireTimestamp}`] },
    }),
    () => ({ timers: eventTimers("timers") }),
    ["odd 8@8"],
    [2, 5, 7],
  );

  gives(
    "fires in the order of time, and not if the one before has cleared it or set it anew",
    () => ({
      process({ value }, { first, second, third }) {
        if (value !== 1) return;
        first.set(5);
        second.set(6);
        third.set(7);
      },
      onTimer: {
        first(_, { log, second, third }) {
          log.add("first");
          second.clear();
          third.set(8);
        },
        second: () => ["never"],
        third: ({ fireTimestamp }, { log }) => [`${log.read()} ${fireTimestamp}`],
      },
    }),
    () => ({
      first: eventTimer("first"),
      second: eventTimer("second"),
      third: eventTimer("third"),
      log: bagState<string>("log"),
    }),
    ["first 8@8"],
  );

  gives(
    "that another of the same instant clears does not fire",
    () => ({
      process({ value }, { timers }) {
        if (value !== 1) return;
        timers.get("a").set(5);
        timers.get("b").set(5);
      },
      onTimer: {
        timers({ tag }, { timers, fired }) {
          timers.get(tag === "a" ? "b" : "a").clear();
          fired.add(tag);
          return [`${fired.read().length}`];
        },
      },
    }),
    () => ({ timers: eventTimers("timers"), fired: bagState<string>("fired") }),
    ["1@5"],
  );

  gives(
    "has a callback that may be awaited, key by key in order",
    () => ({
      process({ value }, { timers }) {
        if (value === 1) for (const i of range(5)) timers.get(`${i}`).set(5);
      },
      onTimer: {
        async timers({ tag }, { log }) {
          const before = log.read().length;
          await new Promise((resolve) => setTimeout(resolve, 5 - before));
          log.add(tag);
          return [`${before} ${log.read().length}`];
        },
      },
    }),
    () => ({ timers: eventTimers("timers"), log: bagState<string>("log") }),
    range(5).map((i) => `${i} ${i + 1}@5`),
  );

  it("fires for many keys, giving the event loop its turn", async () => {
    const pipeline = new Pipeline();
    const keyed = pipeline.apply(create(range(3000))).map((key): KV<number, number> => ({ key, value: 1 }));
    const fired = collect(
      (keyed as PCollection<KV<number, number>>).parDo(
        {
          process: (_, { flush }) => flush.set(5),
          onTimer: {
            flush({ key }) {
              const end = performance.now() + 0.02;
              while (performance.now() < end);
              return [key];
            },
          },
        },
        { flush: eventTimer("flush") },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(
      fired.sort((a, b) => a - b),
      range(3000),
    );
  });

  it("is refused beyond its window, and with output timestamps that cannot be", async () => {
    const cases: readonly [Parameters<typeof refused>[0], RegExp][] = [
      [({ event }) => event.set(10), /"event" is to fire at 10, when its window \[0, 10\) has expired/],
      [({ event }) => event.set(5, { outputTimestamp: 2 }), /is to output at 2, before 3/],
      [({ event }) => event.set(5, { outputTimestamp: 6 }), /is to output at 6, but it fires at 5/],
      [({ event }) => event.set(5.5), /5.5 is not a timestamp/],
      [({ event }) => event.set("5"), /'5' is not a timestamp/],
      [({ clock }) => clock.set(5, { outputTimestamp: 10 }), /but its window expires at 9/],
      [({ clock }) => clock.setAfter(-1), /is to fire after -1 ms/],
    ];
    for (const [set, message] of cases) {
      const thrown = (await refused(set)) as { code?: string; where?: string; message?: string };
      assert.deepEqual([thrown.code, thrown.where], ["invalid-argument", "Step"]);
      assert.match(thrown.message ?? "", message);
    }
    assert.equal(await refused(({ event, at }) => event.set(9, { outputTimestamp: at })), undefined);
  });

  it("may be set as late as the allowed lateness after its window", async () => {
    const pipeline = new Pipeline();
    const fired = collect(
      pairs(pipeline, [3])
        .apply(windowInto(fixedWindows(10), { allowedLateness: 5 }))
        .parDo(
          { process: (_, { flush }) => flush.set(14), onTimer: { flush: ({ fireTimestamp }) => [fireTimestamp] } },
          { flush: eventTimer("flush") },
        ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(fired, [14]);
  });

  it("names the step whose callback throws", async () => {
    const pipeline = new Pipeline();
    pairs(pipeline, [3]).parDo(
      "Step",
      {
        process: (_, { flush }) => flush.set(9),
        onTimer: {
          flush() {
            throw new RangeError("no");
          },
        },
      },
      { flush: eventTimer("flush") },
    );
    await assert.rejects(runEmbedded(pipeline), { code: "user-exception", where: "Step", message: /RangeError: no/ });
  });

  it("sees the pane and window that its element had", async () => {
    const pipeline = new Pipeline();
    const seen = collect(
      pairs(pipeline, [3]).parDo(
        {
          process: (_, { flush }) => flush.set(9),
          onTimer: { flush: (_, { pane, window }) => [`${pane.timing} ${String(window)}`] },
        },
        { flush: eventTimer("flush"), pane: paneInfoParam(), window: windowParam() },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(seen, ["UNKNOWN [0, 10)"]);
  });
});

describe("a timer of processing time", () => {
  for (const [way, options] of WAYS) {
    it(`fires when so much time has passed, and outputs where its element stood, ${way}`, async () => {
      const pipeline = new Pipeline();
      const begun = Date.now();
      const outputs = pairs(pipeline, [1, 3]).parDo(
        {
          process(_, { flush }) {
            flush.setAfter(20);
          },
          onTimer: { flush: ({ fireTimestamp }) => [fireTimestamp >= begun + 20 && Date.now() >= fireTimestamp] },
        },
        { flush: processingTimer("flush") },
      );
      const results = collect(outputs.apply(reify()).map(({ value, timestamp }) => `${value}@${timestamp}`));
      await runEmbedded(pipeline, options);
      assert.deepEqual(results, ["true@3"]);
    });
  }

  it("may be one of a family, set to an instant, and cleared", async () => {
    const pipeline = new Pipeline();
    const fired = collect(
      pairs(pipeline, [1]).parDo(
        {
          process(_, { timers }) {
            timers.get("a").set(Date.now() - 1000);
            timers.get("b").setAfter(5);
            timers.get("c").setAfter(5);
            timers.get("c").clear();
          },
          onTimer: { timers: ({ tag }) => [tag] },
        },
        { timers: processingTimers("timers") },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(fired.sort(), ["a", "b"]);
  });
});

describe("a window that expires", () => {
  gives(
    "is told of for each key, while its state is still there",
    () => ({
      process({ value }, { seen }) {
        seen.add(value);
      },
      *onWindowExpiration({ key, window, timestamp }, { seen }) {
        yield `${key} ${String(window)} ${timestamp} ${[...seen.read()].sort()}`;
      },
    }),
    () => ({ seen: bagState<number>("seen") }),
    ["k [0, 10) 9 1,3@9", "k [10, 20) 19 12@19"],
  );

  gives(
    "is told of after all timers, and may be awaited",
    () => ({
      process({ value }, { flush }) {
        flush.set(value < 10 ? 9 : 19);
      },
      onTimer: {
        flush(_, { done }) {
          done.write(true);
        },
      },
      async onWindowExpiration(_, { done }) {
        return [`${done.read()}`];
      },
    }),
    () => ({ done: valueState<boolean>("done"), flush: eventTimer("flush") }),
    ["true@9", "true@19"],
  );

  it("is the global one at the end of time", async () => {
    const pipeline = new Pipeline();
    const seen = collect(
      (
        pipeline.apply(create(["a", "b", "a"])).map((key): KV<string, number> => ({ key, value: 1 })) as PCollection<
          KV<string, number>
        >
      ).parDo(
        {
          process: (_, { count }) => count.add(1),
          onWindowExpiration: ({ key, timestamp }, { count }) => [
            `${key} ${count.read()} ${timestamp === GLOBAL_WINDOW_MAX_TIMESTAMP}`,
          ],
        },
        { count: combiningState("count", sum) },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(seen.sort(), ["a 2 true", "b 1 true"]);
  });

  it("is told of to functions without state, too", async () => {
    const pipeline = new Pipeline();
    const seen = collect(
      pairs(pipeline, [1, 2, 11]).parDo({ process: () => {}, onWindowExpiration: ({ timestamp }) => [timestamp] }),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(seen.sort(), [19, 9]);
  });
});

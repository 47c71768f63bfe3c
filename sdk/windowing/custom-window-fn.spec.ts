import assert from "node:assert/strict";
import { DOUBLE_CODER, INTERVAL_WINDOW_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { type BoundedWindow, IntervalWindow } from "../../portability/execution/window.js";
import { count } from "../combiners/count.js";
import { windowParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { Root } from "../pipeline/root.js";
import { valueState } from "../state/state-param.js";
import { collect } from "../testing/collect-array.js";
import { testPipeline, testStream } from "../testing/index.js";
import { combinePerKey } from "../transforms/combine.js";
import { create } from "../transforms/create.js";
import { flatten } from "../transforms/flatten.js";
import { groupByKey } from "../transforms/group-by-key.js";
import { withKeys } from "../transforms/key-values.js";
import { asIterable } from "../transforms/side-inputs.js";
import type { CustomWindowFn, MergedWindows } from "./custom-window-fn.js";
import { afterCount, afterWatermark, repeatedly } from "./triggers.js";
import { fixedWindows } from "./window-fns.js";
import { assignTimestamps, windowInto } from "./window-into.js";

interface Lot {
  readonly lot: string;
  readonly maxTimestamp: number;
}

/** Windows that end ten after the element, one for each lot. */
const byLot: CustomWindowFn<{ readonly lot: string }, Lot> = {
  name: "lots",
  assign: ({ lot }, timestamp) => ({ lot, maxTimestamp: timestamp - (timestamp % 10) + 9 }),
};

/** Windows of one element each, of which those that end at even instants become one with the latest of them. */
const evens: CustomWindowFn<unknown, Lot> = {
  assign: (_, timestamp) => ({ lot: "", maxTimestamp: timestamp }),
  merge(windows) {
    const from = windows.filter(({ maxTimestamp }) => maxTimestamp % 2 === 0);
    const latest = from.toSorted((a, b) => b.maxTimestamp - a.maxTimestamp)[0];
    return latest === undefined || from.length === 1 ? [] : [{ from, into: latest }];
  },
};

function timed(root: Root, ...numbers: number[]): PCollection<number> {
  return root.apply(create(numbers)).apply(assignTimestamps((n) => n));
}

/** The groups of one key as `values in window`. */
function groups(input: PCollection<number>): PCollection<string> {
  return input
    .apply(withKeys("k"))
    .apply(groupByKey())
    .map(({ value }, { window }) => `${[...value].sort((a, b) => a - b)} until ${window.maxTimestamp}`, {
      window: windowParam(),
    });
}

const ownEnd = (n: number): BoundedWindow => ({ maxTimestamp: n });

/** What is thrown when windows of one function are applied, grouped and run. */
async function failure(windowFn: CustomWindowFn<number>): Promise<GirderError> {
  try {
    await testPipeline((root) => groups(timed(root, 1, 2).apply("Own", windowInto(windowFn))), {
      checkElements: false,
    });
  } catch (thrown) {
    assert.ok(thrown instanceof GirderError);
    return thrown;
  }
  throw new Error("nothing was thrown");
}

describe("window functions of an author", () => {
  it("put elements where they say, by element and timestamp", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      seen = collect(
        root
          .apply(
            create([
              { lot: "a", at: 1 },
              { lot: "b", at: 2 },
              { lot: "a", at: 8 },
              { lot: "a", at: 10 },
            ]),
          )
          .apply(assignTimestamps(({ at }) => at))
          .apply(windowInto(byLot))
          .map(({ at }) => ({ key: "k", value: at }))
          .apply(combinePerKey(count))
          .map(({ value }, { window }) => `${value} in ${JSON.stringify(window)}`, { window: windowParam() }),
      );
    });
    assert.deepEqual(seen.sort(), [
      '1 in {"lot":"a","maxTimestamp":19}',
      '1 in {"lot":"b","maxTimestamp":9}',
      '2 in {"lot":"a","maxTimestamp":9}',
    ]);
  });

  it("may put an element into several windows, and twice into one is once", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      const ends: CustomWindowFn<number> = {
        assign: (n) => [{ maxTimestamp: 100 }, { maxTimestamp: 100 + n }, { maxTimestamp: 100 }],
      };
      seen = collect(groups(timed(root, 1, 2).apply(windowInto(ends))));
    });
    assert.deepEqual(seen.sort(), ["1 until 101", "1,2 until 100", "2 until 102"]);
  });

  it("may have windows that every runner knows", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      const tens: CustomWindowFn<number, IntervalWindow> = {
        coder: INTERVAL_WINDOW_CODER,
        assign: (_, at) => new IntervalWindow(at - (at % 10), at - (at % 10) + 10),
      };
      seen = collect(groups(timed(root, 1, 2, 10).apply(windowInto(tens))));
    });
    assert.deepEqual(seen.sort(), ["1,2 until 9", "10 until 19"]);
  });

  it("say which windows of a key become one", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      seen = collect(groups(timed(root, 1, 2, 4, 8, 9).apply(windowInto(evens))));
    });
    assert.deepEqual(seen.sort(), ["1 until 1", "2,4,8 until 8", "9 until 9"]);
  });

  it("may make a new window of one", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      const ten: CustomWindowFn<number> = {
        assign: (n) => ({ maxTimestamp: n }),
        merge: (windows) =>
          windows.some(({ maxTimestamp }) => maxTimestamp < 10) ? [{ from: windows, into: { maxTimestamp: 10 } }] : [],
      };
      seen = collect(groups(timed(root, 3, 4).apply(windowInto(ten))));
    });
    assert.deepEqual(seen.sort(), ["3,4 until 10"]);
  });

  it("merge what has come so far before it is emitted early, and again when there is more", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      const stream = testStream<number>().add(2, 2).add(1, 1).add(4, 4).add(6, 6).advanceWatermark(5).add(5, 5);
      const trigger = afterWatermark({ early: repeatedly(afterCount(2)) });
      const early = windowInto<number, Lot>(evens, { trigger, accumulationMode: "ACCUMULATING" });
      seen = collect(groups(root.apply(stream).apply(early)));
    });
    assert.deepEqual(seen.sort(), ["1 until 1", "2,4 until 4", "2,4,6 until 6", "5 until 5"]);
  });

  it("are asked in which window a side input is looked up", async () => {
    let seen: string[] = [];
    await testPipeline((root) => {
      const halves: CustomWindowFn<number> = {
        assign: (_, at) => ({ maxTimestamp: at < 50 ? 49 : 99 }),
        sideInputWindow: (window: BoundedWindow) => ({ maxTimestamp: window.maxTimestamp < 50 ? 49 : 99 }),
      };
      const side = asIterable(timed(root, 10, 20, 60).apply(windowInto(halves)));
      const main = timed(root, 1, 55, 95).apply(windowInto(fixedWindows(10)));
      seen = collect(main.map((n, { all }) => `${n}: ${[...all].sort()}`, { all: side }));
    });
    assert.deepEqual(seen.sort(), ["1: 10,20", "55: 60", "95: 60"]);
  });

  it("are the same windows wherever the same function is applied", () => {
    const root = new Pipeline();
    const [a, b] = ["a", "b"].map((lot) => root.apply(create([{ lot }])).apply(windowInto(byLot))) as [
      PCollection<{ lot: string }>,
      PCollection<{ lot: string }>,
    ];
    assert.deepEqual(
      Object.keys(root.applyTo([a, b], flatten()).pipeline.toProto().components!.windowingStrategies).sort(),
      ["windowing_1_global", "windowing_2_custom"],
    );
    const other = root.apply(create([{ lot: "c" }])).apply(windowInto({ ...byLot }));
    assert.throws(() => root.applyTo([a, other], flatten()), { code: "incompatible-windows" });
  });

  it("are refused where they could not work", () => {
    const refused = (code: string, message: RegExp, build: () => unknown) =>
      assert.throws(
        build,
        (thrown) => thrown instanceof GirderError && thrown.code === code && message.test(thrown.message),
      );
    for (const none of [
      undefined,
      {},
      { assign: 7 },
      { assign: () => [], merge: 7 },
      { assign: () => [], coder: {} },
    ]) {
      refused("invalid-argument", /window function|assigns no windows/, () => windowInto(none as never));
    }
    const assign = (): BoundedWindow => ({ maxTimestamp: 0 });
    refused("nondeterministic-key", /told apart/, () => windowInto({ assign, coder: DOUBLE_CODER as never }));
    const root = new Pipeline();
    const windowed = (windowFn: CustomWindowFn<number>) => root.apply(create([1])).apply(windowInto(windowFn));
    const main = root.apply(create([1]));
    refused("incompatible-windows", /cannot be looked up/, () =>
      main.map((n) => n, { side: asIterable(windowed({ assign })) }),
    );
    const merge = (): MergedWindows<BoundedWindow>[] => [];
    refused("incompatible-windows", /windows that merge/, () =>
      main.map((n) => n, { side: asIterable(windowed({ assign, merge, sideInputWindow: assign })) }),
    );
    refused("invalid-pipeline", /windows that merge/, () =>
      windowed({ assign, merge })
        .apply(withKeys("k"))
        .map((kv) => kv, { last: valueState<number>("last") }),
    );
  });

  it("fail the job, by name, for what are no windows", async () => {
    const wrong: readonly [RegExp, CustomWindowFn<number>][] = [
      [/named undefined for a window/, { assign: () => undefined as never }],
      [/maxTimestamp/, { assign: () => ({ maxTimestamp: 1.5 }) }],
      [/no promise/, { assign: (async () => ({ maxTimestamp: 9 })) as never }],
      [/ended before the element's timestamp/, { assign: () => ({ maxTimestamp: 0 }) }],
      [
        /not open or is merged already/,
        { assign: ownEnd, merge: () => [{ from: [{ maxTimestamp: 7 }], into: { maxTimestamp: 9 } }] },
      ],
      [
        /not open or is merged already/,
        { assign: ownEnd, merge: ([a]: readonly BoundedWindow[]) => [a!, a!].map((w) => ({ from: [w], into: w })) },
      ],
      [/for a window/, { assign: ownEnd, merge: (from: readonly BoundedWindow[]) => [{ from, into: null as never }] }],
    ];
    for (const [message, windowFn] of wrong) {
      const { code, where, what, remedy } = await failure(windowFn);
      assert.deepEqual([code, where], ["user-exception", "Own"]);
      assert.match(`${what} ${remedy}`, message);
    }
  });

  it("fail the job with what they throw", async () => {
    const fail = (): never => {
      throw new RangeError("no such lot");
    };
    for (const windowFn of [{ assign: fail }, { assign: ownEnd, merge: fail }] as CustomWindowFn<number>[]) {
      const { code, where, cause } = await failure(windowFn);
      assert.deepEqual([code, where], ["user-exception", "Own"]);
      assert.ok(cause instanceof RangeError);
    }
  });
});

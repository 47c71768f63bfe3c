import assert from "node:assert/strict";
import Long from "long";
import { GirderError } from "../../portability/errors.js";
import * as beam from "./index.js";
import { assertDeepEqual } from "./testing/assert.js";
import * as pardo from "./transforms/pardo.js";
import * as windowings from "./transforms/windowings.js";

const run = (build: (root: beam.Root) => void) => beam.createRunner().run(build);

describe("a context of the official API", () => {
  it("is handed to the function with parameters that can be looked up", async () => {
    await run((root) => {
      root
        .apply(beam.create([1, 12]))
        .apply(beam.assignTimestamps((t) => Long.fromNumber(t * 1000)))
        .apply(beam.windowInto(windowings.fixedWindows(10)))
        .map(
          (element, context) => ({
            element,
            at: context.timestamp.lookup().toNumber(),
            start: (context.window.lookup() as beam.IntervalWindow).start.toNumber(),
            last: context.window.lookup().maxTimestamp().toNumber(),
            pane: context.pane.lookup().timing,
            other: context.other,
          }),
          {
            timestamp: pardo.timestampParam(),
            window: pardo.windowParam(),
            pane: pardo.paneInfoParam(),
            other: "A",
          },
        )
        .apply(
          assertDeepEqual<unknown>([
            { element: 1, at: 1000, start: 0, last: 9999, pane: beam.Timing.UNKNOWN, other: "A" },
            { element: 12, at: 12_000, start: 10_000, last: 19_999, pane: beam.Timing.UNKNOWN, other: "A" },
          ]),
        );
    });
  });

  it("may hold side inputs, which may be gone through as often as one likes", async () => {
    await run((root) => {
      const numbers = root.apply(beam.create([1, 2]));
      numbers
        .map((n, { all, one, none }) => [n, ...all.lookup(), ...all.lookup(), one.lookup(), none.lookup()].length, {
          all: pardo.iterableSideInput(root.apply(beam.create([4, 5, 6]))),
          one: pardo.singletonSideInput(root.apply(beam.create(["x"]))),
          none: pardo.singletonSideInput(root.apply(beam.create<string>([])), "default"),
        })
        .apply(assertDeepEqual([9, 9]));
    });
  });

  it("fails for a singleton that is none", async () => {
    const build = (root: beam.Root): void => {
      const many = pardo.singletonSideInput(root.apply(beam.create([4, 5])));
      root.apply(beam.create([1])).map((_, { side }) => side.lookup(), { side: many });
    };
    await assert.rejects(run(build), /A singleton side input has 2 elements/);
  });

  it("holds metrics, which are summed over all steps", async () => {
    const result = await run((root) => {
      const count = (n: number, { seen, sizes }: { seen: pardo.Counter; sizes: pardo.Metric<number> }): number => {
        seen.increment();
        seen.increment(n);
        sizes.update(n);
        return n;
      };
      const context = { seen: pardo.counter("seen"), sizes: pardo.distribution("sizes") };
      root
        .apply(beam.create([1, 2]))
        .map(count, context)
        .map(pardo.withContext(count, context));
    });
    assert.deepEqual(await result.counters(), { seen: 10 });
    assert.deepEqual(await result.distributions(), { sizes: { count: 4, sum: 6, min: 1, max: 2 } });
    assert.ok((await result.rawMetrics()).length >= 4);
  });

  it("may be any value, and an instance of a class keeps its methods", async () => {
    class Scale {
      constructor(
        readonly by: number,
        readonly at: pardo.ParDoLookupParam<Long>,
      ) {}
      scaled(n: number): number {
        return n * this.by + this.at.lookup().toNumber();
      }
    }
    await run((root) => {
      const numbers = root.apply(beam.create([1, 2])).apply(beam.assignTimestamps(() => 5));
      numbers.map((a: number, b: number) => a + b, 100).apply(assertDeepEqual([101, 102]));
      numbers
        .map((n, scale) => scale.scaled(n), new Scale(10, pardo.timestampParam()))
        .apply(assertDeepEqual([15, 25]));
    });
  });

  it("is not handed to a function that asked for none", async () => {
    const calls: unknown[][] = [];
    await run((root) => {
      root.apply(beam.create(["a"])).map((...args: unknown[]) => calls.push(args));
    });
    assert.deepEqual(calls, [["a"]]);
  });

  it("says so where a parameter is asked outside of a function", () => {
    assert.throws(
      () => pardo.timestampParam().lookup(),
      (thrown: GirderError) => thrown instanceof GirderError && thrown.code === "invalid-argument",
    );
  });
});

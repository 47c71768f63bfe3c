import assert from "node:assert/strict";
import Long from "long";
import { GirderError } from "../../../portability/errors.js";
import * as beam from "../index.js";
import { assertDeepEqual } from "../testing/assert.js";
import * as windowings from "./windowings.js";

const run = (build: (root: beam.Root) => void) => beam.createRunner().run(build);
const code = (expected: string) => (thrown: unknown) => thrown instanceof GirderError && thrown.code === expected;

describe("windows of the official API", () => {
  const grouped = (windowFn: beam.WindowFn<beam.Window>, expected: number[][]) =>
    run((root) => {
      root
        .apply(beam.create([1, 2, 5, 12]))
        .apply(beam.assignTimestamps((t) => Long.fromValue(t * 1000)))
        .apply(beam.windowInto(windowFn))
        .apply(beam.groupBy(() => ""))
        .map(({ value }) => [...value].sort((a, b) => a - b))
        .apply(assertDeepEqual(expected));
    });

  it("have sizes in seconds, numbers or Longs", async () => {
    await grouped(windowings.globalWindows(), [[1, 2, 5, 12]]);
    await grouped(windowings.fixedWindows(10), [[1, 2, 5], [12]]);
    await grouped(windowings.fixedWindows(Long.fromNumber(10), Long.fromNumber(2)), [[1], [2, 5], [12]]);
    await grouped(windowings.slidingWindows(10, 5), [[1, 2], [1, 2, 5], [5, 12], [12]]);
    await grouped(windowings.sessions(4), [[1, 2, 5], [12]]);
  });

  it("can be asked where an instant is", () => {
    const bounds = (windows: beam.IntervalWindow[]) =>
      windows.map(({ start, end }) => [start.toNumber(), end.toNumber()]);
    assert.deepEqual(bounds(windowings.fixedWindows(10, 3).assignWindows(-1)), [[-7000, 3000]]);
    assert.deepEqual(bounds(windowings.slidingWindows(10, 5).assignWindows(Long.fromNumber(7000))), [
      [5000, 15_000],
      [0, 10_000],
    ]);
    assert.deepEqual(bounds(windowings.sessions(2).assignWindows(1n)), [[1, 2001]]);
    const [global] = windowings.globalWindows().assignWindows(0);
    assert.equal(global!.maxTimestamp().toString(), "9223371950454775");
    assert.deepEqual(
      [windowings.sessions(1), windowings.fixedWindows(1)].map((fn) => [fn.isMerging(), fn.assignsToOneWindow()]),
      [
        [true, true],
        [false, true],
      ],
    );
  });

  it("take timestamps as a Long of any copy of the package, exact at the bounds of the model", async () => {
    const foreign = { low: 5, high: 0, unsigned: false };
    const last = Long.fromString("9223372036854775");
    for (const [timestamp, expected] of [
      [foreign, "5"],
      [last, "9223372036854775"],
      [last.neg(), "-9223372036854775"],
      [Long.fromString("9223371950454775").sub(10), "9223371950454765"],
      [7, "7"],
    ] as const) {
      await run((root) => {
        root
          .apply(beam.create(["x"]))
          .apply(beam.assignTimestamps(() => timestamp))
          .map((_, { at }) => at.lookup().toString(), { at: beam.timestampParam() })
          .apply(assertDeepEqual<string>([expected]));
      });
    }
  });

  it("hand the function that assigns timestamps the one that an element has", async () => {
    await run((root) => {
      root
        .apply(beam.create([40]))
        .apply(beam.assignTimestamps((n) => Long.fromNumber(n)))
        .apply(beam.assignTimestamps((n, now) => now.add(n)))
        .map((_, { at }) => at.lookup().toNumber(), { at: beam.timestampParam() })
        .apply(assertDeepEqual([80]));
    });
  });

  it("take triggers as Girder has them", async () => {
    await run((root) => {
      root
        .apply(beam.create([1, 2, 5]))
        .apply(beam.windowInto(windowings.fixedWindows(60), { allowedLateness: 5, accumulationMode: "ACCUMULATING" }))
        .apply(beam.countGlobally())
        .apply(assertDeepEqual([3]));
    });
  });

  it("are refused where they are none of the standard ones, or come with a proto", () => {
    const own = { assignWindows: () => [] } as unknown as beam.WindowFn<beam.Window>;
    assert.throws(() => beam.windowInto(own), code("unsupported"));
    assert.throws(() => beam.windowInto(beam.globalWindows(), { windowFn: {} } as never), code("unsupported"));
    assert.throws(() => windowings.fixedWindows("10" as never), code("invalid-argument"));
  });

  it("refuse a timestamp that is none when the pipeline runs", async () => {
    await assert.rejects(
      run((root) => {
        root.apply(beam.create([1])).apply(beam.assignTimestamps(() => 0.5));
      }),
      /0.5 is no 64-bit integer/,
    );
  });
});

import assert from "node:assert/strict";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import { sum } from "../combiners/sum.js";
import { timestampParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { GLOBAL_WINDOWING } from "../pipeline/windowing.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { combineGlobally } from "../transforms/combine.js";
import { create } from "../transforms/create.js";
import { reify } from "../transforms/reify.js";
import {
  days,
  fixedWindows,
  globalWindows,
  hours,
  minutes,
  seconds,
  sessions,
  slidingWindows,
  type WindowFn,
} from "./window-fns.js";
import { assignTimestamps, type WindowIntoOptions, windowInto } from "./window-into.js";

/** Sums of numbers that are their own timestamps, as `sum in window at timestamp`. */
async function sums(numbers: readonly number[], windowFn: WindowFn, options?: WindowIntoOptions): Promise<string[]> {
  const pipeline = new Pipeline();
  const described = collect(
    pipeline
      .apply(create(numbers))
      .apply(assignTimestamps((t) => t))
      .apply(windowInto(windowFn, options))
      .apply(combineGlobally(sum))
      .apply(reify())
      .map(({ value, timestamp, window }) => `${value} in ${String(window)} at ${timestamp}`),
  );
  await runEmbedded(pipeline);
  return described.sort();
}

describe("windows", () => {
  it("of one size hold what falls into them, before the epoch too", async () => {
    assert.deepEqual(await sums([-1, 0, 9, 10], fixedWindows(10)), [
      "-1 in [-10, 0) at -1",
      "10 in [10, 20) at 19",
      "9 in [0, 10) at 9",
    ]);
  });

  it("may begin beside the epoch", async () => {
    assert.deepEqual(await sums([2, 3], fixedWindows(10, 3)), ["2 in [-7, 3) at 2", "3 in [3, 13) at 12"]);
  });

  it("that slide overlap", async () => {
    assert.deepEqual(await sums([12], slidingWindows(10, 5)), ["12 in [10, 20) at 19", "12 in [5, 15) at 14"]);
  });

  it("that are sessions last as long as elements follow each other", async () => {
    assert.deepEqual(await sums([1, 4, 20], sessions(5)), ["20 in [20, 25) at 24", "5 in [1, 9) at 8"]);
  });

  it("give what is grouped the end of the window, the earliest or the latest timestamp", async () => {
    const at = async (outputTime: NonNullable<WindowIntoOptions["outputTime"]>) =>
      (await sums([2, 5], fixedWindows(10), { outputTime }))[0];
    assert.equal(await at("END_OF_WINDOW"), "7 in [0, 10) at 9");
    assert.equal(await at("EARLIEST_IN_PANE"), "7 in [0, 10) at 2");
    assert.equal(await at("LATEST_IN_PANE"), "7 in [0, 10) at 5");
  });

  it("are refused with sizes that are none", () => {
    const wrong = [
      () => fixedWindows(0),
      () => fixedWindows(1.5),
      () => fixedWindows(10, 0.5),
      () => slidingWindows(10, 0),
      () => slidingWindows(-1, 1),
      () => sessions(Number.NaN),
    ];
    for (const make of wrong) assert.throws(make, { code: "invalid-argument", message: /minutes\(5\)/ });
  });

  it("keep what is not said anew", () => {
    const options = { allowedLateness: 7, accumulationMode: "ACCUMULATING", outputTime: "LATEST_IN_PANE" } as const;
    const { windowing } = new Pipeline()
      .apply(create([1]))
      .apply(windowInto(fixedWindows(10), options))
      .apply(windowInto(globalWindows()));
    assert.deepEqual(windowing, { ...GLOBAL_WINDOWING, ...options });
  });

  it("are sized in familiar units", () => {
    assert.deepEqual([seconds(1), minutes(1), hours(1), days(1)], [1000, 60_000, 3_600_000, 86_400_000]);
  });
});

describe("assignTimestamps", () => {
  it("hands over what its context asks for", async () => {
    const pipeline = new Pipeline();
    const later = (input: PCollection<string>) =>
      input.apply(assignTimestamps((_, { now, by }) => now + by, { now: timestampParam(), by: 3 }));
    const timestamps = collect(
      later(pipeline.apply(create(["x"])).apply(assignTimestamps(() => 5)))
        .apply(reify())
        .map(({ timestamp }) => timestamp),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(timestamps, [8]);
  });

  it("refuses what is no timestamp", async () => {
    for (const timestamp of [0.5, Number.NaN, MAX_TIMESTAMP + 2, "7", undefined]) {
      const pipeline = new Pipeline();
      pipeline.apply(create(["x"])).apply(
        "Step",
        assignTimestamps(() => timestamp as number),
      );
      await assert.rejects(runEmbedded(pipeline), { code: "invalid-argument", where: "Step" });
    }
  });
});

import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import { MIN_TIMESTAMP } from "../../portability/execution/time.js";
import { timestampParam, windowParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PTransform } from "../pipeline/pvalue.js";
import type { Root } from "../pipeline/root.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect, type TestPipelineOptions, testPipeline } from "../testing/index.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { countGlobally } from "./count.js";
import { create } from "./create.js";
import { generateSequence } from "./generate-sequence.js";
import { type Period, periodicImpulse, periodicSequence } from "./periodic.js";

const UNFRIENDLY: TestPipelineOptions = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed: 3 };

/** A clock that is ahead of the machine's by `ahead` ms, and as fast. */
const clock = (start: number) => {
  const begun = Date.now();
  return () => start + Date.now() - begun;
};

interface Timed {
  readonly value: number;
  readonly timestamp: number;
}

async function outputsOf(source: PTransform<Root, PCollection<number>>, options: TestPipelineOptions = {}) {
  let collected: { elements: readonly Timed[] } | undefined;
  let bounded: boolean | undefined;
  await testPipeline((root) => {
    const numbers = root.apply(source);
    ({ bounded } = numbers);
    const timed = numbers.map((value, { timestamp }): Timed => ({ value, timestamp }), { timestamp: timestampParam() });
    collected = collect(timed);
  }, options);
  const elements = [...collected!.elements].sort((a, b) => a.value - b.value);
  return { elements, values: elements.map(({ value }) => value), bounded };
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("periodicImpulse", () => {
  it("outputs what is due already at once, and what is not when its time comes", async () => {
    const now = clock(1_000_000);
    const begun = performance.now();
    const { elements, bounded } = await outputsOf(periodicImpulse({ from: 999_900, to: 1_000_041, interval: 20, now }));
    assert.deepEqual(
      elements,
      [999_900, 999_920, 999_940, 999_960, 999_980, 1_000_000, 1_000_020, 1_000_040].map((value) => ({
        value,
        timestamp: value,
      })),
    );
    assert.equal(bounded, true);
    assert.ok(performance.now() - begun >= 35, "it waited for the last ones");
  });

  it("outputs each instant once, whatever happens to bundles", async () => {
    const options = { from: 0, to: 1000, interval: 10 };
    assert.deepEqual(
      (await outputsOf(periodicImpulse(options), UNFRIENDLY)).values,
      range(0, 100).map((i) => i * 10),
    );
  });

  it("never ends without an end, closes windows when it passes them, and ends with what is due if it is to", async () => {
    const seen: string[] = [];
    const pipeline = new Pipeline();
    const impulses = pipeline.root.apply(periodicImpulse({ from: 0, interval: 10, now: () => 95 }));
    assert.equal(impulses.bounded, false);
    impulses
      .apply(windowInto(fixedWindows(50)))
      .apply(countGlobally())
      .map((count, { window }) => seen.push(`${count} in ${window}`), { window: windowParam() });
    await runEmbedded(pipeline, { untilAvailable: true });
    assert.deepEqual(seen, ["5 in [0, 50)", "5 in [50, 100)"]);
  });

  it("is resumed when its next instant has come, to a few milliseconds", async () => {
    const late: number[] = [];
    const pipeline = new Pipeline();
    const abort = new AbortController();
    pipeline.root.apply(periodicImpulse({ interval: 10 })).map((at) => {
      late.push(Date.now() - at);
      if (late.length === 20) abort.abort();
      return at;
    });
    await assert.rejects(runEmbedded(pipeline, { signal: abort.signal }), { code: "cancelled" });
    const median = late.toSorted((a, b) => a - b)[10]!;
    assert.ok(median < 50, `${late}`);
  });

  it("refuses what is no period", () => {
    for (const options of [{ interval: 0 }, { interval: 1.5 }, { from: Number.NaN, interval: 1 }]) {
      assert.throws(() => periodicImpulse(options), { code: "invalid-argument" });
    }
  });
});

describe("periodicSequence", () => {
  it("has instants for each period of its input", async () => {
    const periods: Period[] = [
      { from: 0, to: 30, interval: 10 },
      { from: 5, to: 6, interval: 1 },
      { from: 7, to: 7, interval: 1 },
    ];
    const source = (root: Root) => root.apply(create(periods)).apply(periodicSequence());
    const { values, bounded } = await outputsOf(source);
    assert.deepEqual([values, bounded], [[0, 5, 10, 20], false]);
  });

  it("fails at what is no period", async () => {
    const source = (root: Root) => root.apply(create([{ from: 1, interval: -1 }])).apply(periodicSequence());
    const isNoPeriod = (thrown: unknown) => thrown instanceof GirderError && thrown.code === "user-exception";
    await assert.rejects(outputsOf(source), isNoPeriod);
  });
});

describe("generateSequence", () => {
  it("has a rate, which it does not exceed, and stamps numbers with when they are due", async () => {
    const now = clock(5_000);
    const begun = performance.now();
    const { elements } = await outputsOf(generateSequence({ from: 10, to: 40, rate: 500, now }));
    assert.ok(performance.now() - begun >= 55, "the last is due after 58 ms");
    assert.deepEqual(
      elements.map(({ value }) => value),
      range(10, 40),
    );
    const { timestamp: first } = elements[0]!;
    assert.deepEqual(
      elements.map(({ timestamp }) => timestamp - first),
      range(0, 30).map((i) => i * 2),
    );
  });

  it("has any rate, and goes on where it stood", async () => {
    for (const rate of [333, 999.9, 1e9]) {
      const { values } = await outputsOf(generateSequence({ to: 20, rate }), UNFRIENDLY);
      assert.deepEqual(values, range(0, 20));
    }
  });

  it("stamps numbers as it is told, and closes windows by that", async () => {
    const log: string[] = [];
    const abort = new AbortController();
    const pipeline = new Pipeline();
    const numbers = pipeline.root.apply(generateSequence({ timestamp: (n) => n * 10 }));
    assert.equal(numbers.bounded, false);
    numbers
      .apply(windowInto(fixedWindows(1000)))
      .apply(countGlobally())
      .map(
        (count, { window }) => {
          log.push(`${count} in ${window}`);
          if (log.length >= 3) abort.abort();
          return count;
        },
        { window: windowParam() },
      );
    await assert.rejects(runEmbedded(pipeline, { signal: abort.signal }), { code: "cancelled" });
    assert.ok(
      log.every((line) => line.startsWith("100 in ")),
      log.join(),
    );
  });

  it("ends after its time, and is bounded then", async () => {
    let time = 0;
    const { values, bounded } = await outputsOf(generateSequence({ maxReadTime: 50, rate: 100, now: () => time++ }));
    assert.equal(bounded, true);
    assert.ok(values.length > 0 && values.length <= 6, values.join());
    assert.deepEqual(values, range(0, values.length));
  });

  it("has the beginning of time for a timestamp where it ends and has no rate", async () => {
    const { elements } = await outputsOf(generateSequence({ from: -2, to: 1 }));
    assert.deepEqual(
      elements,
      [-2, -1, 0].map((value) => ({ value, timestamp: MIN_TIMESTAMP })),
    );
  });

  it("refuses bounds, rates and times that are none", () => {
    for (const options of [{ to: 1.5 }, { from: Number.NaN }, { rate: 0 }, { rate: -1 }, { maxReadTime: -1 }]) {
      assert.throws(() => generateSequence(options), { code: "invalid-argument" });
    }
  });
});

import assert from "node:assert/strict";
import { timestampParam } from "../pipeline/context.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { countGlobally } from "../transforms/count.js";
import { reshuffle } from "../transforms/reshuffle.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import {
  collect,
  type SyntheticSourceOptions,
  syntheticSource,
  type TestPipelineOptions,
  testPipeline,
} from "./index.js";

interface Seen {
  readonly key: string;
  readonly size: number;
  readonly timestamp: number;
}

async function elementsOf(options: SyntheticSourceOptions, how: TestPipelineOptions = {}): Promise<readonly Seen[]> {
  let seen: { elements: readonly Seen[] } | undefined;
  await testPipeline((root) => {
    const elements = root.apply(syntheticSource(options));
    seen = collect(
      elements.map(({ key, value }, { timestamp }): Seen => ({ key, size: value.length, timestamp }), {
        timestamp: timestampParam(),
      }),
    );
  }, how);
  return seen!.elements;
}

const share = (elements: readonly Seen[], key: string): number =>
  elements.filter((each) => each.key === key).length / elements.length;

describe("a synthetic source", () => {
  it("has as many elements, keys and bytes as it is told", async () => {
    const elements = await elementsOf({ elements: 2000, keys: 4, size: 3 });
    assert.equal(elements.length, 2000);
    assert.ok(elements.every(({ size }) => size === 3));
    for (const key of ["key-0", "key-1", "key-2", "key-3"]) assert.ok(Math.abs(share(elements, key) - 0.25) < 0.05);
  });

  it("is the same for a seed, whatever happens to bundles", async () => {
    const options = { elements: 500, rate: 1e6, keys: 10, delay: 100, seed: 7, now: () => 1e6 };
    const all = (elements: readonly Seen[]): string[] => elements.map((each) => JSON.stringify(each)).sort();
    // The clock stands: what is due by then is there.
    const run = async (how: TestPipelineOptions) => all(await elementsOf({ ...options, rate: 1e9 }, how));
    const plain = await run({});
    assert.deepEqual(await run({ failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed: 3 }), plain);
    assert.notDeepEqual(all(await elementsOf({ ...options, rate: 1e9, seed: 8 })), plain);
  });

  it("has a hot key, or some that occur more often than others", async () => {
    const hot = await elementsOf({ elements: 2000, keys: 10, distribution: { hot: 0.8 } });
    assert.ok(Math.abs(share(hot, "key-0") - 0.8) < 0.05);
    assert.ok(Math.abs(share(hot, "key-9") - 0.2 / 9) < 0.02);
    const zipf = await elementsOf({ elements: 2000, keys: 3, distribution: { zipf: 1 } });
    for (const [key, expected] of [
      ["key-0", 6 / 11],
      ["key-1", 3 / 11],
      ["key-2", 2 / 11],
    ] as const)
      assert.ok(Math.abs(share(zipf, key) - expected) < 0.05);
  });

  it("pauses, lags, and never overtakes its watermark", async () => {
    let time = 0;
    const now = (): number => {
      time += 7;
      return time;
    };
    const pipeline = new Pipeline();
    const timestamps: number[] = [];
    pipeline.root
      .apply(syntheticSource({ rate: 1000, delay: 50, pause: { every: 40, for: 10 }, elements: 200, now }))
      .map((_, { timestamp }) => timestamps.push(timestamp), { timestamp: timestampParam() });
    await runEmbedded(pipeline);
    assert.equal(timestamps.length, 200);
    const start = 7;
    for (const [i, timestamp] of timestamps.entries()) {
      const due = start + i + Math.floor(i / 40) * 10;
      assert.ok(timestamp <= due && timestamp >= due - 50, `${timestamp} at ${i}`);
    }
  });

  it("drops nothing as late by its own watermark, and stalls it where it is told", async () => {
    /** What has been seen of windows of 100 ms when 900 elements are there, a second after the beginning. */
    const run = async (more: SyntheticSourceOptions) => {
      const pipeline = new Pipeline();
      const log: (number | "element")[] = [];
      let first = true;
      const now = (): number => {
        if (!first) return 1000;
        first = false;
        return 0;
      };
      pipeline.root
        .apply(syntheticSource({ rate: 1000, delay: 20, now, ...more }))
        .map("Element", (element) => {
          log.push("element");
          return element;
        })
        .apply(windowInto(fixedWindows(100)))
        .apply(countGlobally())
        .map((count) => log.push(count));
      const { droppedLate } = await runEmbedded(pipeline, { untilAvailable: true, maxBundleElements: 16 });
      assert.equal(droppedLate, 0);
      return log.slice(0, log.lastIndexOf("element")).filter((it) => it !== "element").length;
    };
    assert.ok((await run({})) >= 9);
    assert.ok((await run({ stallWatermarkAfter: 350 })) <= 4);
  });

  it("refuses what makes no sense", () => {
    const wrong: SyntheticSourceOptions[] = [
      { elements: -1 },
      { rate: 0 },
      { keys: 0 },
      { size: 1.5 },
      { delay: Number.NaN },
      { pause: { every: 0, for: 1 } },
      { distribution: { hot: 2 } },
      { distribution: { zipf: -1 } },
    ];
    for (const options of wrong) assert.throws(() => syntheticSource(options), { code: "invalid-argument" });
  });

  it("does not run away from a slow reader: what waits stays below a share of the memory", async () => {
    const abort = new AbortController();
    const pipeline = new Pipeline();
    const budget = 8_000_000;
    let produced = 0;
    let consumed = 0;
    let most = 0;
    pipeline.root
      .apply(syntheticSource({ size: 1000 }))
      .map("Produced", (element) => {
        produced++;
        return element;
      })
      .apply(reshuffle())
      .map("Slow", (element) => {
        // One in ten of what the source could do.
        for (const end = performance.now() + 0.02; performance.now() < end; );
        consumed++;
        most = Math.max(most, produced - consumed);
        if (consumed === 20_000) abort.abort();
        return element.key;
      });
    await assert.rejects(runEmbedded(pipeline, { signal: abort.signal, memoryBudget: budget }), { code: "cancelled" });
    // An eighth of the budget may wait, a bundle may output as much again, and some is in hand.
    assert.ok(most * 1000 < budget / 2, `${most} kB waited`);
    assert.ok(most > 50, "the source was faster");
  });
});

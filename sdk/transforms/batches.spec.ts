import assert from "node:assert/strict";
import type { KV } from "../../portability/coders/index.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { batchElements } from "./batch-elements.js";
import { create } from "./create.js";
import { groupIntoBatches } from "./group-into-batches.js";
import { reify } from "./reify.js";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("batchElements", () => {
  it("puts each element into one batch of a size between min and max, but for the last", async () => {
    const pipeline = new Pipeline();
    const batches = collect(pipeline.apply(create(range(100))).apply(batchElements({ min: 4, max: 7 })));
    await runEmbedded(pipeline);
    assert.deepEqual(
      batches.flat().sort((a, b) => a - b),
      range(100),
    );
    const sizes = batches.map((batch) => batch.length);
    assert.ok(
      sizes.every((size) => size <= 7),
      String(sizes),
    );
    assert.ok(sizes.filter((size) => size < 4).length <= 1, String(sizes));
  });

  it("grows batches as long as what follows is fast", async () => {
    const pipeline = new Pipeline();
    const batches = collect(pipeline.apply(create(range(5000))).apply(batchElements({ max: 1000 })));
    await runEmbedded(pipeline, { maxBundleElements: 5000 });
    assert.ok(Math.max(...batches.map((batch) => batch.length)) > 100);
  });

  it("never mixes windows, and keeps timestamps", async () => {
    const pipeline = new Pipeline();
    const batches = collect(
      pipeline
        .apply(create([1, 11, 2, 12, 3]))
        .apply(assignTimestamps((t) => t))
        .apply(windowInto(fixedWindows(10)))
        .apply(batchElements({ min: 2, max: 2 }))
        .apply(reify())
        .map(({ value, timestamp, window }) => ({ value, timestamp, window: String(window) })),
    );
    await runEmbedded(pipeline);
    const inOrder = batches.sort((a, b) => a.value[0]! - b.value[0]!);
    assert.deepEqual(inOrder, [
      { value: [1, 2], timestamp: 2, window: "[0, 10)" },
      { value: [3], timestamp: 3, window: "[0, 10)" },
      { value: [11, 12], timestamp: 12, window: "[10, 20)" },
    ]);
  });

  it("loses nothing where bundles fail or end early", async () => {
    const pipeline = new Pipeline();
    const batches = collect(pipeline.apply(create(range(200))).apply(batchElements({ min: 3, max: 5 })));
    await runEmbedded(pipeline, { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed: 3 });
    assert.deepEqual(
      batches.flat().sort((a, b) => a - b),
      range(200),
    );
  });

  it("refuses sizes that are none", () => {
    for (const sizes of [{ min: 0 }, { max: 0 }, { min: 3, max: 2 }, { targetDuration: 0 }, { min: 1.5 }]) {
      assert.throws(() => batchElements(sizes), { code: "invalid-argument" });
    }
  });
});

describe("groupIntoBatches", () => {
  it("cuts the values of each key into batches of a size", async () => {
    const pipeline = new Pipeline();
    const pairs = range(10).map((i): KV<string, number> => ({ key: i < 7 ? "a" : "b", value: i }));
    const batches = collect(pipeline.apply(create(pairs)).apply(groupIntoBatches(3)));
    await runEmbedded(pipeline);
    const sizes = (key: string): number[] =>
      batches
        .filter((batch) => batch.key === key)
        .map(({ value }) => value.length)
        .sort();
    assert.deepEqual([sizes("a"), sizes("b")], [[1, 3, 3], [3]]);
    assert.deepEqual(batches.flatMap(({ value }) => value).sort(), range(10));
  });

  it("refuses sizes that are none", () => {
    assert.throws(() => groupIntoBatches(0), { code: "invalid-argument" });
  });
});

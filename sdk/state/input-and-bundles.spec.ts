import assert from "node:assert/strict";
import type { KV } from "../../portability/coders/index.js";
import { timestampParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "../transforms/create.js";
import { assignTimestamps } from "../windowing/window-into.js";
import { bundleFinalizer } from "./bundle-finalizer.js";
import { bagState } from "./state-param.js";

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

describe("time-sorted input", () => {
  for (const [what, stateful] of [
    ["with state", true],
    ["without state", false],
  ] as const) {
    it(`comes in the order of timestamps, ${what}, whatever bundles it came in`, async () => {
      const pipeline = new Pipeline();
      const shuffled = range(50).map((i) => (i * 37) % 50);
      const pairs = pipeline
        .apply(create(shuffled))
        .apply(assignTimestamps((n) => n))
        .map((value): KV<string, number> => ({ key: `${value % 2}`, value })) as PCollection<KV<string, number>>;
      const order: number[] = [];
      const context = { at: timestampParam(), ...(stateful ? { seen: bagState<number>("seen") } : {}) };
      const step = {
        requiresTimeSortedInput: true,
        process({ key, value }: KV<string, number>, { at }: { at: number }) {
          order.push(at);
          return [{ key, value }];
        },
      };
      const results = collect(pairs.parDo(step as never, context) as PCollection<KV<string, number>>);
      await runEmbedded(pipeline, { maxBundleElements: 7 });
      assert.deepEqual(order, range(50));
      assert.equal(results.length, 50);
    });
  }
});

describe("stable input", () => {
  it("is the same when a bundle is tried again", async () => {
    let processed = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const pipeline = new Pipeline();
      const seen = new Map<number, Set<number>>();
      pipeline
        .apply(create(range(40)))
        // Computed anew, it would be another.
        .map((n) => ({ n, random: Math.random() }))
        .parDo({
          requiresStableInput: true,
          process({ n, random }) {
            processed++;
            seen.set(n, (seen.get(n) ?? new Set()).add(random));
          },
        });
      await runEmbedded(pipeline, { failBundles: 0.6, splitBundles: 0.5, bundleAttempts: 40, seed });
      assert.equal(seen.size, 40);
      assert.ok([...seen.values()].every(({ size }) => size === 1));
    }
    assert.ok(processed > 160, "bundles were tried again");
  });
});

describe("a bundle's finalizer", () => {
  it("is called once for each bundle that is committed, and for no other", async () => {
    let processed = 0;
    for (let seed = 1; seed <= 4; seed++) {
      const pipeline = new Pipeline();
      const finished: number[] = [];
      pipeline.apply(create(range(60))).parDo(
        {
          process(n, { finalizer }) {
            processed++;
            finalizer.afterCommit(() => {
              finished.push(n);
            });
          },
        },
        { finalizer: bundleFinalizer() },
      );
      await runEmbedded(pipeline, { failBundles: 0.5, splitBundles: 0.5, bundleAttempts: 40, seed });
      assert.deepEqual(
        finished.sort((a, b) => a - b),
        range(60),
      );
    }
    assert.ok(processed > 240, "bundles were tried again");
  });

  it("may be awaited: the job does not end before", async () => {
    const pipeline = new Pipeline();
    let done = false;
    pipeline.apply(create([1])).parDo(
      {
        process: (_, { finalizer }) =>
          finalizer.afterCommit(async () => {
            await new Promise((resolve) => setTimeout(resolve, 10));
            done = true;
          }),
      },
      { finalizer: bundleFinalizer() },
    );
    await runEmbedded(pipeline);
    assert.ok(done);
  });

  it("fails nothing when it throws, and is reported", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", listen);
    try {
      const pipeline = new Pipeline();
      pipeline.apply(create([1])).parDo(
        {
          process(_, { finalizer }) {
            finalizer.afterCommit(() => {
              throw new Error("first");
            });
            finalizer.afterCommit(() => Promise.reject(new Error("second")));
          },
        },
        { finalizer: bundleFinalizer() },
      );
      await runEmbedded(pipeline);
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off("warning", listen);
    }
    assert.deepEqual(
      warnings.filter((text) => text.startsWith("A callback after the commit")).sort(),
      ["first", "second"].map((text) => `A callback after the commit of a bundle failed: ${text}`),
    );
  });
});

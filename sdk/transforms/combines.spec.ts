import assert from "node:assert/strict";
import fc from "fast-check";
import { type KV, KVCoder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import { compose } from "../combiners/compose.js";
import { count } from "../combiners/count.js";
import { max } from "../combiners/max.js";
import { mean } from "../combiners/mean.js";
import { sum } from "../combiners/sum.js";
import { toList } from "../combiners/to-list.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PTransform } from "../pipeline/pvalue.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows, sessions, slidingWindows, type WindowFn } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { combineGlobally, combinePerKey } from "./combine.js";
import {
  largestGlobally,
  largestPerKey,
  maxGlobally,
  maxPerKey,
  meanGlobally,
  meanPerKey,
  minGlobally,
  minPerKey,
  sampleGlobally,
  samplePerKey,
  smallestGlobally,
  smallestPerKey,
  sumGlobally,
  sumPerKey,
  topGlobally,
  topPerKey,
} from "./combines.js";
import { create } from "./create.js";
import { latestGlobally, latestPerKey } from "./latest.js";
import { reify } from "./reify.js";

const PAIRS: readonly KV<string, number>[] = [
  { key: "a", value: 3 },
  { key: "b", value: 5 },
  { key: "a", value: 1 },
];

async function perKey<O>(
  transform: PTransform<PCollection<KV<string, number>>, PCollection<KV<string, O>>>,
): Promise<unknown> {
  const pipeline = new Pipeline();
  const collected = collect(pipeline.apply(create(PAIRS)).apply(transform));
  await runEmbedded(pipeline);
  return Object.fromEntries(collected.map(({ key, value }) => [key, value]));
}

async function globally<O>(
  transform: PTransform<PCollection<number>, PCollection<O>>,
  of: readonly number[] = [3, 5, 1],
): Promise<O[]> {
  const pipeline = new Pipeline();
  const collected = collect(pipeline.apply(create(of)).apply(transform));
  await runEmbedded(pipeline);
  return collected;
}

describe("combines by name", () => {
  it("combine the values of each key", async () => {
    assert.deepEqual(await perKey(sumPerKey()), { a: 4, b: 5 });
    assert.deepEqual(await perKey(meanPerKey()), { a: 2, b: 5 });
    assert.deepEqual(await perKey(minPerKey()), { a: 1, b: 5 });
    assert.deepEqual(await perKey(maxPerKey()), { a: 3, b: 5 });
    assert.deepEqual(await perKey(largestPerKey(1)), { a: [3], b: [5] });
    assert.deepEqual(await perKey(smallestPerKey(1)), { a: [1], b: [5] });
    assert.deepEqual(await perKey(topPerKey(2, (x, y) => y - x)), { a: [1, 3], b: [5] });
    assert.deepEqual(await perKey(samplePerKey(1, 7)).then((drawn) => (drawn as { b: unknown }).b), [5]);
  });

  it("combine all elements", async () => {
    assert.deepEqual(await globally(sumGlobally()), [9]);
    assert.deepEqual(await globally(meanGlobally()), [3]);
    assert.deepEqual(await globally(minGlobally()), [1]);
    assert.deepEqual(await globally(maxGlobally()), [5]);
    assert.deepEqual(await globally(largestGlobally(2)), [[5, 3]]);
    assert.deepEqual(await globally(smallestGlobally(2)), [[1, 3]]);
    assert.deepEqual(await globally(topGlobally(2, (x, y) => x - y)), [[5, 3]]);
    assert.deepEqual((await globally(sampleGlobally(9))).flat().sort(), [1, 3, 5]);
  });

  it("combine nothing to what is right for nothing", async () => {
    assert.deepEqual(await globally(sumGlobally(), []), [0]);
    assert.deepEqual(await globally(meanGlobally(), []), [Number.NaN]);
    assert.deepEqual(await globally(minGlobally(), []), []);
    assert.deepEqual(await globally(maxGlobally(), []), []);
    assert.deepEqual(await globally(largestGlobally(2), []), [[]]);
    assert.deepEqual(await globally(combineGlobally(sum, { defaultForEmpty: false }), []), []);
  });
});

describe("a global combine", () => {
  it("of nothing is a sum of 0, a count of 0", async () => {
    assert.deepEqual(await globally(combineGlobally(compose({ sum, count })), []), [{ sum: 0, count: 0 }]);
  });

  it("of nothing stays nothing in windows", async () => {
    const pipeline = new Pipeline();
    const sums = collect(
      pipeline
        .apply(create<number>([]))
        .apply(windowInto(fixedWindows(10)))
        .apply(combineGlobally(sum)),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(sums, []);
  });
});

describe("a combine whose merging changes the first accumulator", () => {
  const appending: CombineFn<number, number[], number> = {
    createAccumulator: () => [],
    addInput: (held, input) => {
      held.push(input);
      return held;
    },
    mergeAccumulators(accumulators) {
      let merged: number[] | undefined;
      for (const held of accumulators) {
        if (merged === undefined) merged = held;
        else for (const value of held) merged.push(value);
      }
      return merged ?? [];
    },
    extractOutput: (held) => held.length,
  };

  it("counts each value once where bundles are lost", async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const pipeline = new Pipeline();
      const numbers = pipeline.apply(create(Array.from({ length: 100 }, (_, i) => i)));
      const counted = collect(numbers.apply(combineGlobally(appending)));
      await runEmbedded(pipeline, { failBundles: 0.5, splitBundles: 0.5, bundleAttempts: 20, seed });
      assert.deepEqual(counted, [100]);
    }
  });
});

describe("the latest", () => {
  it("is the value with the greatest timestamp, of each key and of all", async () => {
    const pipeline = new Pipeline();
    const events = pipeline
      .apply(
        create([
          { key: "a", value: 7 },
          { key: "a", value: 9 },
          { key: "b", value: 3 },
        ]),
      )
      .apply(assignTimestamps(({ value }) => -value));
    const each = collect(events.apply(latestPerKey()));
    const all = collect(events.apply(latestGlobally()));
    await runEmbedded(pipeline);
    assert.deepEqual(
      each.sort((a, b) => b.value - a.value),
      [
        { key: "a", value: 7 },
        { key: "b", value: 3 },
      ],
    );
    assert.deepEqual(all, [{ key: "b", value: 3 }]);
  });

  it("may be undefined, and of nothing is nothing", async () => {
    const pipeline = new Pipeline();
    const undefinedOnly = collect(pipeline.apply(create([undefined])).apply(latestGlobally()));
    const none = collect(pipeline.apply(create([])).apply(latestGlobally()));
    await runEmbedded(pipeline);
    assert.deepEqual([undefinedOnly, none], [[undefined], []]);
  });
});

describe("a combine with fanout", () => {
  const windowFns: readonly (WindowFn | undefined)[] = [
    undefined,
    fixedWindows(10),
    slidingWindows(20, 10),
    sessions(3),
  ];
  const fns: readonly CombineFn<number, unknown, unknown>[] = [sum, mean, max, count] as never;

  it("gives what it gives without, in all windows", async () => {
    const element = fc.record({ key: fc.constantFrom("hot", "cold"), value: fc.integer({ min: 0, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(element, { maxLength: 30 }),
        fc.constantFrom(...windowFns),
        fc.constantFrom(...fns),
        fc.integer({ min: 2, max: 5 }),
        async (elements, windowFn, fn, fanout) => {
          const pipeline = new Pipeline();
          let pairs = pipeline.apply(create(elements)).apply(assignTimestamps(({ value }) => value));
          if (windowFn !== undefined) {
            pairs = pairs.apply(windowInto(windowFn, { accumulationMode: "ACCUMULATING" }));
          }
          const results = [
            pairs.apply(combinePerKey(fn)),
            pairs.apply(combinePerKey(fn, { fanout })),
            pairs.apply(combinePerKey(fn, { fanout: (key) => (key === "hot" ? fanout : 1) })),
          ].map((result) =>
            collect(
              result
                .apply(reify())
                .map(({ value, window, timestamp }) => JSON.stringify([value, String(window), timestamp])),
            ),
          );
          await runEmbedded(pipeline);
          const [without, fixed, chosen] = results.map((result) => result.sort());
          assert.deepEqual(fixed, without);
          assert.deepEqual(chosen, without);
        },
      ),
      { numRuns: 40 },
    );
  }).timeout(20_000);

  it("keeps sessions whole whose parts would be over at different times", async () => {
    const pipeline = new Pipeline();
    const pairs = Array.from({ length: 20 }, (_, i) => ({ key: "hot", value: i * 4 }));
    const counts = pipeline
      .apply(create(pairs))
      .apply(assignTimestamps(({ value }) => value))
      .apply(windowInto(sessions(5)))
      .apply(combinePerKey(count, { fanout: 20 }));
    const result = collect(counts.apply(reify()).map(({ value, window }) => `${value.value} in ${String(window)}`));
    await runEmbedded(pipeline, { maxBundleElements: 1 });
    assert.deepEqual(result, ["20 in [0, 81)"]);
  });

  it("keeps the values of lists, and combines nothing to the default", async () => {
    const lists = await globally(combineGlobally(toList<number>(), { fanout: 3 }), [1, 2, 3, 4]);
    assert.deepEqual(lists.flat().sort(), [1, 2, 3, 4]);
    assert.deepEqual(await globally(combineGlobally(sum, { fanout: 3 }), []), [0]);
  });

  it("keeps the coders of keys and outputs", () => {
    const pairs = new Pipeline()
      .apply(create(PAIRS))
      .map((pair) => pair)
      .withCoder(new KVCoder(STRING_CODER, VARINT_CODER as never));
    const combined = pairs.apply(combinePerKey(sum, { fanout: 2, outputCoder: VARINT_CODER as never }));
    const coder = combined.coder as unknown as KVCoder<unknown, unknown>;
    assert.equal(coder.key, STRING_CODER);
    assert.equal(coder.value, VARINT_CODER);
  });

  it("refuses a fanout that is none", async () => {
    assert.throws(() => combinePerKey(sum, { fanout: 0 }), { code: "invalid-argument" });
    const pipeline = new Pipeline();
    pipeline.apply(create(PAIRS)).apply(combinePerKey(sum, { fanout: () => 0.5 }));
    await assert.rejects(runEmbedded(pipeline), { code: "user-exception", message: /divided into 0.5 parts/ });
  });
});

import assert from "node:assert/strict";
import { max } from "../combiners/max.js";
import { mean } from "../combiners/mean.js";
import { sum } from "../combiners/sum.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { combinePerKey } from "./combine.js";
import { create } from "./create.js";
import { withKeys } from "./key-values.js";

describe("combines of one PCollection", () => {
  it("give what they give apart, though they are grouped once, in memory or not", async () => {
    for (const memoryBudget of [1, 2 ** 30]) {
      const pipeline = new Pipeline();
      const pairs = pipeline.apply(create([1, 2, 3, 4, 5])).apply(withKeys((x) => x % 2));
      const outputs = [
        collect(pairs.apply(combinePerKey(sum))),
        collect(pairs.apply(combinePerKey(max))),
        collect(pairs.apply(combinePerKey(mean))),
      ];
      await runEmbedded(pipeline, { memoryBudget, failBundles: 0.2, splitBundles: 0.5, restoreAlways: true, seed: 5 });
      const byKey = outputs.map((output) => output.sort((a, b) => a.key - b.key).map(({ value }) => value));
      assert.deepEqual(byKey, [
        [6, 9],
        [4, 5],
        [3, 3],
      ]);
    }
  });
});

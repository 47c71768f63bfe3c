import assert from "node:assert/strict";
import fc from "fast-check";
import { type CombineFn, combineAll, mapInput, mapOutput } from "./combine-fn.js";
import { assertSplitsAgree } from "./splits.spec.js";
import { sum } from "./sum.js";

describe("mapInput and mapOutput", () => {
  it("select what is combined and change what comes out, keeping the name", () => {
    const lengths = mapOutput(
      mapInput(sum, (word: string) => word.length),
      String,
    );
    assert.equal(combineAll(lengths, ["a", "bcd"]), "4");
    assert.equal(lengths.name, "sum");
    assertSplitsAgree(lengths, fc.string());
  });
});

describe("combine function splits", () => {
  it("are found to disagree for a function that depends on how inputs are dealt out", () => {
    const meanOfMeans: CombineFn<number, number[], number> = {
      createAccumulator: () => [],
      addInput: (values, value) => [...values, value],
      mergeAccumulators: (all) => Array.from(all, (values) => values[0] ?? 0),
      extractOutput: (values) => values.reduce((a, b) => a + b, 0) / values.length,
    };
    assert.throws(() => assertSplitsAgree(meanOfMeans, fc.integer()));
  });
});

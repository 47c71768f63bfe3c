import assert from "node:assert/strict";
import fc from "fast-check";
import { combineAll } from "./combine-fn.js";
import { sample } from "./sample.js";
import { assertSplitsAgree } from "./splits.spec.js";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe("sample", () => {
  it("draws values without replacement, however they are split", () => {
    assertSplitsAgree(sample<number>(5), fc.integer({ min: 0, max: 9 }), (drawn, whole, inputs) => {
      assert.equal(drawn.length, Math.min(5, inputs.length));
      assert.equal(whole.length, drawn.length);
      const left = [...inputs];
      for (const value of drawn) {
        const at = left.indexOf(value);
        assert.notEqual(at, -1, `${value} was drawn more often than it occurs`);
        left.splice(at, 1);
      }
    });
  });

  it("repeats itself with the same seed and differs with another", () => {
    const draw = (seed: number): number[] => combineAll(sample<number>(5, seed), range(0, 1000));
    assert.deepEqual(draw(1), draw(1));
    assert.notDeepEqual(draw(1), draw(2));
  });

  it("draws every value equally often, after an uneven merge too", () => {
    const fn = sample<number>(4, 42);
    const drawn = new Array<number>(20).fill(0);
    const rounds = 5000;
    for (let round = 0; round < rounds; round++) {
      const parts = [range(0, 3), range(3, 4), range(4, 20)].map((values) => {
        let accumulator = fn.createAccumulator();
        for (const value of values) accumulator = fn.addInput(accumulator, value);
        return accumulator;
      });
      for (const value of fn.extractOutput(fn.mergeAccumulators(parts))) drawn[value] = (drawn[value] ?? 0) + 1;
    }
    // Each is drawn with probability 1/5: 1000 times with a standard deviation of 28. Five of them are allowed.
    for (const times of drawn) assert.ok(Math.abs(times - rounds / 5) < 141, `drawn ${drawn}`);
  });

  it("is empty for no values and for n = 0", () => {
    assert.deepEqual(combineAll(sample(3), []), []);
    assert.deepEqual(combineAll(sample(0), [1, 2]), []);
  });
});

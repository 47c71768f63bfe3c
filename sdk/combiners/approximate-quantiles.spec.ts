import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../portability/errors.js";
import { approximateQuantiles, bufferCapacity } from "./approximate-quantiles.js";
import { combineAll } from "./combine-fn.js";
import { naturalOrder } from "./order.js";
import { seededRandom } from "./random.js";
import { assertSplitsAgree } from "./splits.spec.js";

/** Checks that each quantile has a rank within ε·N of the one it is to have. */
function assertWithin(quantiles: readonly number[], n: number, epsilon: number, inputs: readonly number[]): void {
  assert.equal(quantiles.length, inputs.length === 0 ? 0 : n);
  if (inputs.length === 0) return;
  assert.equal(
    quantiles[0],
    inputs.reduce((a, b) => Math.min(a, b)),
  );
  assert.equal(
    quantiles[n - 1],
    inputs.reduce((a, b) => Math.max(a, b)),
  );
  for (const [i, quantile] of quantiles.entries()) {
    const wanted = (i / (n - 1)) * inputs.length;
    const before = inputs.filter((value) => value < quantile).length;
    const upTo = inputs.filter((value) => value <= quantile).length;
    const slack = epsilon * inputs.length;
    assert.ok(upTo > before, `${quantile} is not a value`);
    assert.ok(before <= wanted + slack && upTo >= wanted - slack, `quantile ${i}: ${before}–${upTo}, not ${wanted}`);
  }
}

describe("approximateQuantiles", () => {
  it("yields least, median and greatest of a few values exactly", () => {
    assert.deepEqual(combineAll(approximateQuantiles<number>(3), [9, 1, 5, 4, 7]), [1, 5, 9]);
    assert.deepEqual(combineAll(approximateQuantiles<number>(2), [4]), [4, 4]);
    assert.deepEqual(combineAll(approximateQuantiles<number>(3), []), []);
  });

  it("takes an order for values that have none", () => {
    const compare = (a: { size: number }, b: { size: number }): number => a.size - b.size;
    const sizes = [3, 1, 2].map((size) => ({ size }));
    assert.deepEqual(combineAll(approximateQuantiles(3, { compare }), sizes), [{ size: 1 }, { size: 2 }, { size: 3 }]);
  });

  it("puts NaN last and compares bigints exactly", () => {
    const withNaN = combineAll(approximateQuantiles<number>(3), [Number.NaN, 2, -0]);
    assert.deepEqual(withNaN, [-0, 2, Number.NaN]);
    const bigints = [2n ** 60n + 1n, 2n ** 60n, 2n ** 60n + 2n];
    assert.deepEqual(combineAll(approximateQuantiles<bigint>(3), bigints), bigints.toSorted(naturalOrder));
  });

  it("keeps within its error however values are split", () => {
    const epsilon = 0.2;
    const fn = approximateQuantiles<number>(7, { epsilon, maxElements: 400 });
    assertSplitsAgree(
      fn,
      fc.integer({ min: 0, max: 500 }),
      (split, whole, inputs) => {
        assertWithin(split, 7, epsilon, inputs);
        assertWithin(whole, 7, epsilon, inputs);
      },
      400,
    );
    assert.ok(bufferCapacity(epsilon, 400) < 40, "the inputs do not fill several levels");
  });

  for (const [name, order] of [
    ["ascending", (values: number[]) => values],
    ["descending", (values: number[]) => values.reverse()],
    ["alternating from both ends", (values: number[]) => values.map((v, i) => (i % 2 === 0 ? v : 29_999 - v))],
    [
      "shuffled",
      (values: number[]) =>
        values
          .map((v) => [seededRandom(v)(), v] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, v]) => v),
    ],
  ] as const) {
    it(`keeps within 1 % of 30,000 ${name} values, with a small part of them in memory`, () => {
      const values = order(Array.from({ length: 30_000 }, (_, i) => i));
      const fn = approximateQuantiles<number>(11, { epsilon: 0.01, maxElements: 30_000 });
      let accumulator = fn.createAccumulator();
      for (const value of values) accumulator = fn.addInput(accumulator, value);
      const held = accumulator.levels.reduce((total, level) => total + level.length, 0);
      assert.ok(held < 3000, `${held} values held`);
      assertWithin(fn.extractOutput(accumulator), 11, 0.01, values);
    });
  }

  it("refuses sizes and errors out of range", () => {
    for (const [n, epsilon] of [
      [1, 0.1],
      [3, 0],
      [3, 1],
      [2.5, 0.1],
    ] as const) {
      assert.throws(
        () => approximateQuantiles<number>(n, { epsilon }),
        (error) => error instanceof GirderError && error.code === "invalid-argument",
      );
    }
  });
});

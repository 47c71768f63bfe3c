import assert from "node:assert/strict";
import fc from "fast-check";
import { combineAll } from "./combine-fn.js";
import { assertSplitsAgree } from "./splits.spec.js";
import { sum, sumBigInt } from "./sum.js";

describe("sum", () => {
  it("adds numbers and is 0 for none", () => {
    assert.equal(combineAll(sum, [1, 2.5, -3]), 0.5);
    assert.ok(Object.is(combineAll(sum, []), 0));
  });

  it("is NaN where a value is, and 0 for negative zeros", () => {
    assert.ok(Number.isNaN(combineAll(sum, [1, Number.NaN, 2])));
    assert.ok(Object.is(combineAll(sum, [-0, -0]), 0));
  });

  it("does not depend on how integers are split", () => assertSplitsAgree(sum, fc.integer()));
});

describe("sumBigInt", () => {
  it("is exact beyond 2^53", () => {
    assert.equal(combineAll(sumBigInt, [2n ** 53n, 1n, 2n ** 64n]), 2n ** 53n + 1n + 2n ** 64n);
    assert.equal(combineAll(sumBigInt, []), 0n);
  });

  it("does not depend on how values are split", () => assertSplitsAgree(sumBigInt, fc.bigInt()));
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { combineAll } from "./combine-fn.js";
import { mean } from "./mean.js";
import { assertSplitsAgree } from "./splits.spec.js";

describe("mean", () => {
  it("is the sum divided by the number of values", () => assert.equal(combineAll(mean, [1, 2, 6]), 3));

  it("is NaN for no values and where a value is NaN", () => {
    assert.ok(Number.isNaN(combineAll(mean, [])));
    assert.ok(Number.isNaN(combineAll(mean, [1, Number.NaN])));
  });

  it("does not depend on how integers are split", () => assertSplitsAgree(mean, fc.integer()));
});

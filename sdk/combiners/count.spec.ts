import assert from "node:assert/strict";
import fc from "fast-check";
import { combineAll } from "./combine-fn.js";
import { count } from "./count.js";
import { assertSplitsAgree } from "./splits.spec.js";

describe("count", () => {
  it("counts every value, also undefined and repeated ones", () => {
    assert.equal(combineAll(count, ["a", "a", undefined, Number.NaN]), 4);
  });

  it("is 0 for no values", () => assert.equal(combineAll(count, []), 0));

  it("does not depend on how values are split", () => assertSplitsAgree(count, fc.anything()));
});

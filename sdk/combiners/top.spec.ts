import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../portability/errors.js";
import { combineAll } from "./combine-fn.js";
import { naturalOrder, reversed } from "./order.js";
import { assertSplitsAgree } from "./splits.spec.js";
import { largest, smallest, top } from "./top.js";

describe("top", () => {
  it("yields the greatest values, greatest first", () => {
    assert.deepEqual(combineAll(largest<number>(3), [5, 1, 9, 7, 3]), [9, 7, 5]);
    assert.deepEqual(combineAll(smallest<number>(2), [5, 1, 9]), [1, 5]);
    const longest = top<string>(2, (a, b) => a.length - b.length);
    assert.deepEqual(combineAll(longest, ["a", "ccc", "bb"]), ["ccc", "bb"]);
  });

  it("yields all values where there are fewer, and none for n = 0", () => {
    assert.deepEqual(combineAll(largest<number>(3), [1, 2]), [2, 1]);
    assert.deepEqual(combineAll(largest<number>(3), []), []);
    assert.deepEqual(combineAll(largest<number>(0), [1, 2]), []);
  });

  it("equals sorting everything, NaN and negative zero included", () => {
    const numbers = fc.array(fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, 0)), { maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.nat(70), (values, n) => {
        const sorted = values.toSorted(reversed<number>(naturalOrder));
        assert.deepEqual(combineAll(largest<number>(n), values), sorted.slice(0, n));
        assert.deepEqual(combineAll(smallest<number>(n), values), values.toSorted(naturalOrder).slice(0, n));
      }),
    );
  });

  it("does not depend on how values are split", () => {
    assertSplitsAgree(largest<number>(7), fc.integer({ min: 0, max: 20 }));
    assertSplitsAgree(smallest<bigint>(3), fc.bigInt());
  });

  it("refuses sizes that are not whole", () => {
    for (const n of [-1, 1.5, Number.NaN]) {
      assert.throws(
        () => top<number>(n, naturalOrder),
        (error) => error instanceof GirderError && error.code === "invalid-argument",
      );
    }
  });
});

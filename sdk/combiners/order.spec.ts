import assert from "node:assert/strict";
import fc from "fast-check";
import { naturalOrder, reversed } from "./order.js";

describe("the natural order", () => {
  it("puts NaN last and negative zero before zero", () => {
    const sorted = [Number.NaN, 0, 1, -0, -1, Infinity].sort(naturalOrder);
    assert.deepEqual(sorted, [-1, -0, 0, 1, Infinity, Number.NaN]);
    assert.deepEqual([0, Number.NaN, -0].sort(reversed<number>(naturalOrder)), [Number.NaN, 0, -0]);
  });

  it("compares dates by instant, invalid ones last", () => {
    assert.equal(naturalOrder(new Date(5), new Date(5)), 0);
    assert.ok(naturalOrder(new Date(4), new Date(5)) < 0);
    assert.ok(naturalOrder(new Date(Number.NaN), new Date(5)) > 0);
  });

  it("is a total order of numbers", () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.double(), (a, b, c) => {
        assert.equal(Math.sign(naturalOrder(a, b)) + Math.sign(naturalOrder(b, a)), 0);
        assert.equal(naturalOrder(a, b) === 0, Object.is(a, b));
        if (naturalOrder(a, b) <= 0 && naturalOrder(b, c) <= 0) assert.ok(naturalOrder(a, c) <= 0);
      }),
    );
  });
});

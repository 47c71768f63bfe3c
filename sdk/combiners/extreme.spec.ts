import assert from "node:assert/strict";
import fc from "fast-check";
import { combineAll } from "./combine-fn.js";
import { max, maxBy } from "./max.js";
import { min, minBy } from "./min.js";
import { naturalOrder } from "./order.js";
import { assertSplitsAgree } from "./splits.spec.js";

describe("min and max", () => {
  it("are the least and the greatest number", () => {
    assert.equal(combineAll(min, [3, -1, 2]), -1);
    assert.equal(combineAll(max, [3, -1, 2]), 3);
  });

  it("tell negative zero from zero", () => {
    assert.ok(Object.is(combineAll(min, [0, -0]), -0));
    assert.ok(Object.is(combineAll(max, [-0, 0]), 0));
  });

  it("are NaN where a value is, and infinite for no values", () => {
    assert.ok(Number.isNaN(combineAll(min, [1, Number.NaN])));
    assert.ok(Number.isNaN(combineAll(max, [Number.NaN, 1])));
    assert.equal(combineAll(min, []), Infinity);
    assert.equal(combineAll(max, []), -Infinity);
  });

  it("do not depend on how values are split", () => {
    assertSplitsAgree(min, fc.double());
    assertSplitsAgree(max, fc.double());
  });
});

describe("minBy and maxBy", () => {
  it("compare strings, bigints and objects", () => {
    assert.equal(combineAll(minBy<string>(naturalOrder), ["pear", "fig"]), "fig");
    assert.equal(combineAll(maxBy<bigint>(naturalOrder), [2n ** 60n, 2n ** 60n + 1n]), 2n ** 60n + 1n);
    const cheapest = minBy<{ price: number }>((a, b) => a.price - b.price);
    assert.deepEqual(combineAll(cheapest, [{ price: 3 }, { price: 1 }]), { price: 1 });
  });

  it("find undefined among the values, and yield it for none", () => {
    const definedLast = minBy<number | undefined>((a, b) => (a ?? -1) - (b ?? -1));
    assert.equal(combineAll(definedLast, [undefined, 3]), undefined);
    assert.equal(combineAll(definedLast, [4, 3]), 3);
    assert.equal(combineAll(definedLast, []), undefined);
  });

  it("do not depend on how values are split", () => {
    assertSplitsAgree(minBy<number>(naturalOrder), fc.double());
    assertSplitsAgree(maxBy<string>(naturalOrder), fc.string());
  });
});

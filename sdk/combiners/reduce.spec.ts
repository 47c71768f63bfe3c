import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../portability/errors.js";
import { combineAll } from "./combine-fn.js";
import { combineFnFrom, reduce } from "./reduce.js";
import { assertSplitsAgree } from "./splits.spec.js";

describe("combineFnFrom", () => {
  it("makes a combine function of a plain one", () => {
    const greatest = combineFnFrom((values: Iterable<number>) => Math.max(...values));
    assert.equal(combineAll(greatest, [3, 8, 5]), 8);
    assert.equal(combineAll(greatest, []), -Infinity);
  });

  it("never passes many values at a time", () => {
    let most = 0;
    const total = combineFnFrom((values: Iterable<number>) => {
      const some = Array.from(values);
      most = Math.max(most, some.length);
      return some.reduce((a, b) => a + b, 0);
    });
    assert.equal(
      combineAll(
        total,
        Array.from({ length: 10_000 }, () => 1),
      ),
      10_000,
    );
    assert.ok(most < 3000, `${most} at a time`);
  });

  it("does not depend on how values are split", () => {
    const greatest = combineFnFrom((values: Iterable<number>) => Math.max(...values));
    assertSplitsAgree(greatest, fc.integer());
    assertSplitsAgree(greatest, fc.integer(), undefined, 3000);
  });
});

describe("reduce", () => {
  it("applies an operation between all values", () => {
    assert.equal(
      combineAll(
        reduce((a: number, b: number) => a * b),
        [2, 3, 7],
      ),
      42,
    );
    assert.equal(
      combineAll(
        reduce((a: number, b: number) => a * b, 1),
        [],
      ),
      1,
    );
  });

  it("asks for an identity where there are no values", () => {
    assert.throws(
      () =>
        combineAll(
          reduce((a: number, b: number) => a * b),
          [],
        ),
      (error) => error instanceof GirderError && error.code === "invalid-argument",
    );
  });

  it("does not depend on how values are split", () => {
    assertSplitsAgree(
      reduce((a: bigint, b: bigint) => a * b, 1n),
      fc.bigInt({ min: -9n, max: 9n }),
    );
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../portability/errors.js";
import { approximateUnique } from "./approximate-unique.js";
import { combineAll } from "./combine-fn.js";
import { assertSplitsAgree } from "./splits.spec.js";

const encode = (value: number): Uint8Array => Buffer.from(String(value));

describe("approximateUnique", () => {
  it("is exact up to the sample size, however often values repeat", () => {
    const values = Array.from({ length: 500 }, (_, i) => i % 64);
    assert.equal(combineAll(approximateUnique({ encode, sampleSize: 64 }), values), 64);
    assert.equal(combineAll(approximateUnique({ encode }), []), 0);
  });

  it("estimates within the stated error 19 times out of 20", () => {
    const sampleSize = 256;
    const trials = 200;
    let within = 0;
    for (let trial = 0; trial < trials; trial++) {
      const fn = approximateUnique({ encode: (value: number) => Buffer.from(`${trial}/${value}`), sampleSize });
      const distinct = 300 + 7 * trial;
      const estimate = combineAll(
        fn,
        Array.from({ length: distinct }, (_, i) => i),
      );
      if (Math.abs(estimate / distinct - 1) <= 2 / Math.sqrt(sampleSize)) within += 1;
    }
    assert.ok(within >= 0.94 * trials, `${within} of ${trials}`);
  });

  it("estimates fifty thousand within the error asked for", () => {
    const fn = approximateUnique({ encode, error: 0.02 });
    const estimate = combineAll(
      fn,
      Array.from({ length: 50_000 }, (_, i) => i),
    );
    assert.ok(Math.abs(estimate - 50_000) < 1000, `${estimate}`);
  });

  it("gives the very same estimate however values are split", () => {
    assertSplitsAgree(approximateUnique({ encode, sampleSize: 16 }), fc.nat(1000), undefined, 200);
    assertSplitsAgree(approximateUnique({ encode, sampleSize: 16 }), fc.nat(20));
  });

  it("refuses sizes and errors out of range", () => {
    for (const wrong of [{ sampleSize: 15 }, { error: 0 }, { error: 0.6 }, { sampleSize: 99, error: 0.1 }]) {
      assert.throws(
        () => approximateUnique({ encode, ...wrong }),
        (error) => error instanceof GirderError && error.code === "invalid-argument",
      );
    }
  });
});

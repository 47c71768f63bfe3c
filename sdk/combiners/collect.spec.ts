import assert from "node:assert/strict";
import fc from "fast-check";
import { combineAll } from "./combine-fn.js";
import { latest } from "./latest.js";
import { assertSplitsAgree } from "./splits.spec.js";
import { toList } from "./to-list.js";
import { toMap } from "./to-map.js";
import { toSet } from "./to-set.js";

describe("toList", () => {
  it("keeps every value, however they are split", () => {
    assertSplitsAgree(toList<number>(), fc.double(), (split, whole) =>
      assert.deepEqual([...Float64Array.from(split).sort()], [...Float64Array.from(whole).sort()]),
    );
  });

  it("yields a list that later values do not change", () => {
    const fn = toList<number>();
    const accumulator = fn.addInput(fn.createAccumulator(), 1);
    const output = fn.extractOutput(accumulator);
    fn.addInput(accumulator, 2);
    assert.deepEqual(output, [1]);
    assert.deepEqual(combineAll(fn, []), []);
  });
});

describe("toSet", () => {
  it("holds NaN once and negative zero as zero", () => {
    assert.deepEqual(combineAll(toSet<number>(), [Number.NaN, Number.NaN, -0, 0]), new Set([Number.NaN, 0]));
    assert.equal(combineAll(toSet(), []).size, 0);
  });

  it("does not depend on how values are split", () => assertSplitsAgree(toSet<number>(), fc.nat(9)));
});

describe("toMap", () => {
  it("maps keys to their values", () => {
    const map = combineAll(toMap<string, number>(), [
      { key: "a", value: 1 },
      { key: "b", value: 2 },
    ]);
    assert.deepEqual(
      map,
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
    );
  });

  it("does not depend on how values are split where a key has one value", () => {
    assertSplitsAgree(
      toMap<number, number>(),
      fc.nat(20).map((key) => ({ key, value: key * key })),
    );
  });
});

describe("latest", () => {
  it("is the value with the greatest timestamp, undefined for none", () => {
    const values = [
      { value: "early", timestamp: -5 },
      { value: "late", timestamp: 7 },
      { value: "middle", timestamp: 0 },
    ];
    assert.equal(combineAll(latest<string>(), values), "late");
    assert.equal(combineAll(latest<string>(), []), undefined);
  });

  it("does not depend on how values are split", () => {
    assertSplitsAgree(
      latest<number>(),
      fc.integer().map((timestamp) => ({ value: timestamp, timestamp })),
    );
  });
});

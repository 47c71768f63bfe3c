import assert from "node:assert/strict";
import { expectTypeOf } from "expect-type";
import fc from "fast-check";
import { approximateUnique } from "./approximate-unique.js";
import { type CombineFn, combineAll, mapInput, mapOutput } from "./combine-fn.js";
import { compose, tuple } from "./compose.js";
import { count } from "./count.js";
import { max } from "./max.js";
import { mean } from "./mean.js";
import { assertSplitsAgree } from "./splits.spec.js";
import { sum } from "./sum.js";
import { toList } from "./to-list.js";
import { toSet } from "./to-set.js";

interface Order {
  readonly customer: string;
  readonly total: number;
}

const orders: Order[] = [
  { customer: "ada", total: 3 },
  { customer: "bob", total: 4 },
  { customer: "ada", total: 5 },
];

describe("compose", () => {
  it("yields each output under its name, with its type", () => {
    const fn = compose({
      orders: count,
      total: mapInput(sum, (order: Order) => order.total),
      customers: mapInput(
        mapOutput(toSet<string>(), (set) => set.size),
        (order: Order) => order.customer,
      ),
    });
    const output = combineAll(fn, orders);
    assert.deepEqual(output, { orders: 3, total: 12, customers: 2 });
    expectTypeOf(output).toEqualTypeOf<{ orders: number; total: number; customers: number }>();
    expectTypeOf(fn).toExtend<CombineFn<Order, unknown[], unknown>>();
  });

  it("does not depend on how values are split, parts that compact included", () => {
    const encode = (value: number): Uint8Array => Buffer.from(String(value));
    assertSplitsAgree(compose({ n: count, distinct: approximateUnique({ encode, sampleSize: 16 }) }), fc.nat());
  });

  it("yields the outputs for no values", () => {
    assert.deepEqual(combineAll(compose({ n: count, top: max }), []), { n: 0, top: -Infinity });
    assert.deepEqual(combineAll(compose({}), []), {});
  });
});

describe("tuple", () => {
  it("yields the outputs in order, with their types", () => {
    const output = combineAll(tuple(max, mean, toList<number>()), [1, 2, 6]);
    assert.deepEqual(output, [6, 3, [1, 2, 6]]);
    expectTypeOf(output).toEqualTypeOf<[number, number, number[]]>();
  });

  it("does not depend on how values are split", () => assertSplitsAgree(tuple(max, mean, count), fc.integer()));
});

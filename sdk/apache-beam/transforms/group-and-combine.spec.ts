import assert from "node:assert/strict";
import * as beam from "../index.js";
import { assertDeepEqual } from "../testing/assert.js";
import * as combiners from "./combiners.js";
import { combinePerKey, groupByKey } from "./internal.js";

const run = (build: (root: beam.Root) => void) => beam.createRunner().run(build);
const ORDERS = [
  { buyer: "ada", item: "loom", total: 10 },
  { buyer: "bob", item: "loom", total: 7 },
  { buyer: "ada", item: "card", total: 20 },
];

describe("groupBy of the official API", () => {
  it("gives groups as arrays, by a field, several fields or a function", async () => {
    await run((root) => {
      const orders = root.apply(beam.create(ORDERS));
      const totals = ({ key, value }: beam.KV<unknown, Iterable<{ total: number }>>) => {
        assert.ok(Array.isArray(value));
        return [key, value.map(({ total }) => total).sort()];
      };
      orders
        .apply(beam.groupBy("item"))
        .map(totals)
        .apply(
          assertDeepEqual<unknown>([
            ["loom", [10, 7]],
            ["card", [20]],
          ]),
        );
      const byBoth = orders.apply(beam.groupBy(["buyer", "item"])).map(totals);
      byBoth.apply(
        assertDeepEqual<unknown>([
          [["ada", "loom"], [10]],
          [["bob", "loom"], [7]],
          [["ada", "card"], [20]],
        ]),
      );
      orders
        .apply(beam.groupBy(({ total }) => total > 8))
        .map(totals)
        .apply(
          assertDeepEqual<unknown>([
            [true, [10, 20]],
            [false, [7]],
          ]),
        );
    });
  });

  it("combines fields and functions of the elements into rows", async () => {
    await run((root) => {
      const orders = root.apply(beam.create(ORDERS));
      orders
        .apply(
          beam
            .groupBy("buyer")
            .combining("total", combiners.sum, "sum")
            .combining("total", combiners.mean, "mean")
            .combining("item", combiners.max, "last")
            .combining((order: { total: number }) => order.total, Math.min, "least"),
        )
        .apply(
          assertDeepEqual([
            { buyer: "ada", sum: 30, mean: 15, last: "loom", least: 10 },
            { buyer: "bob", sum: 7, mean: 7, last: "loom", least: 7 },
          ]),
        );
      orders.apply(beam.groupBy(["buyer", "item"]).combining("total", combiners.count, "orders")).apply(
        assertDeepEqual([
          { buyer: "ada", item: "loom", orders: 1 },
          { buyer: "bob", item: "loom", orders: 1 },
          { buyer: "ada", item: "card", orders: 1 },
        ]),
      );
      orders
        .apply(
          beam
            .groupBy((order: (typeof ORDERS)[0]) => order.item.length, "length")
            .combining("total", combiners.min, "min"),
        )
        .apply(assertDeepEqual([{ length: 4, min: 7 }]));
    });
  });

  it("hands accumulators to a combine function as an array", async () => {
    const lengths: beam.CombineFn<string, number[], number> = {
      createAccumulator: () => [],
      addInput: (lengths, word) => lengths.concat(word.length),
      mergeAccumulators: (accumulators) => (accumulators as number[][]).reduce((a, b) => a.concat(b), []),
      extractOutput: (lengths) => lengths.length,
      accumulatorCoder: (inputCoder) => inputCoder as never,
    };
    await run((root) => {
      const pairs = root.apply(beam.create(["a", "bb", "c"])).map((value) => ({ key: value.length, value }));
      pairs.apply(combinePerKey(lengths)).apply(
        assertDeepEqual([
          { key: 1, value: 2 },
          { key: 2, value: 1 },
        ]),
      );
      pairs
        .apply(groupByKey())
        .map(({ key, value }) => [key, [...value].sort()])
        .apply(
          assertDeepEqual<unknown>([
            [1, ["a", "c"]],
            [2, ["bb"]],
          ]),
        );
    });
  });

  it("combines nothing to something in the global window", async () => {
    await run((root) => {
      const none = root.apply(beam.create<number>([]));
      none.apply(beam.countGlobally()).apply(assertDeepEqual([0]));
      const all = beam
        .groupGlobally<number>()
        .combining((n) => n, combiners.sum, "sum")
        .combining((n) => n, combiners.max, "max")
        .combining(
          (n) => n,
          (a: number, b: number) => a + b,
          "plus",
        )
        .combining(
          (n) => n,
          beam.binaryCombineFn<number>((a, b) => a * b),
          "times",
        );
      none.apply(all).apply(assertDeepEqual([{ sum: 0, max: undefined, plus: undefined, times: undefined }]));
      root
        .apply(beam.create([2, 3, 4]))
        .apply(all)
        .apply(assertDeepEqual([{ sum: 9, max: 4, plus: 9, times: 24 }]));
    });
  });

  it("groups everything, and several PCollections by one key", async () => {
    await run((root) => {
      const words = root.apply(beam.create(["a", "b"]));
      words
        .apply(beam.groupGlobally<string>())
        .map((group) => [...group].sort().join())
        .apply(assertDeepEqual(["a,b"]));
      words.apply(beam.countPerElement()).apply(
        assertDeepEqual([
          { element: "a", count: 1 },
          { element: "b", count: 1 },
        ]),
      );
      const towns = root.apply(
        beam.create([
          { buyer: "ada", town: "London" },
          { buyer: "cyd", town: "Turin" },
        ]),
      );
      beam
        .P({ orders: root.apply(beam.create(ORDERS)), towns })
        .apply(beam.coGroupBy("buyer"))
        .map(({ key, values }) => `${key}: ${values["orders"]!.length} ${values["towns"]!.map(({ town }) => town)}`)
        .apply(assertDeepEqual(["ada: 2 London", "bob: 1 ", "cyd: 0 Turin"]));
    });
  });
});

import assert from "node:assert/strict";
import { count } from "../combiners/count.js";
import { max } from "../combiners/max.js";
import { mean } from "../combiners/mean.js";
import { sum } from "../combiners/sum.js";
import { toList } from "../combiners/to-list.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "./create.js";
import { groupBy, groupGlobally } from "./group-by.js";

const orders = [
  { customer: "ann", total: 10, item: "pen" },
  { customer: "bob", total: 5, item: "pen" },
  { customer: "ann", total: 20, item: "ink" },
];

const byCustomer = <R extends { readonly customer: string }>(a: R, b: R): number => (a.customer < b.customer ? -1 : 1);

describe("groupBy", () => {
  it("groups by a property", async () => {
    const pipeline = new Pipeline();
    const groups = collect(
      pipeline
        .apply(create(orders))
        .apply(groupBy("customer"))
        .map(({ key, value }) => [key, Array.from(value).length]),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(groups.sort(), [
      ["ann", 2],
      ["bob", 1],
    ]);
  });

  it("groups by a function, synchronous or not", async () => {
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a", "bb", "cc"]));
    const sizes = ({ key, value }: { key: number; value: Iterable<string> }): [number, number] => [
      key,
      Array.from(value).length,
    ];
    const plain = collect(words.apply(groupBy((word) => word.length)).map(sizes));
    const awaited = collect(words.apply(groupBy(async (word) => word.length)).map(sizes));
    await runEmbedded(pipeline);
    for (const groups of [plain, awaited]) {
      assert.deepEqual(groups.sort(), [
        [1, 1],
        [2, 2],
      ]);
    }
  });

  it("groups by an object of properties and functions, equal by its contents", async () => {
    const pipeline = new Pipeline();
    const rows = collect(
      pipeline
        .apply(create(orders))
        .apply(
          groupBy({ who: "customer", dear: (order: { total: number }) => order.total > 7 }).combining(
            "item",
            count,
            "n",
          ),
        ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(
      rows.sort((a, b) => b.n - a.n),
      [
        { who: "ann", dear: true, n: 2 },
        { who: "bob", dear: false, n: 1 },
      ],
    );
  });

  it("combines one part of each group to a row", async () => {
    const pipeline = new Pipeline();
    const rows = collect(pipeline.apply(create(orders)).apply(groupBy("customer").combining("total", mean, "average")));
    await runEmbedded(pipeline);
    assert.deepEqual(rows.sort(byCustomer), [
      { customer: "ann", average: 15 },
      { customer: "bob", average: 5 },
    ]);
  });

  it("combines several parts in one pass, under a key with a name", async () => {
    const pipeline = new Pipeline();
    const rows = collect(
      pipeline.apply(create(orders)).apply(
        groupBy((order: (typeof orders)[number]) => order.item.toUpperCase(), "article")
          .combining("total", max, "dearest")
          .combining("total", sum, "total")
          .combining((order: { customer: string }) => order.customer[0], toList(), "initials"),
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(
      rows.map((row) => ({ ...row, initials: [...row.initials].sort() })).sort((a, b) => b.total - a.total),
      [
        { article: "INK", dearest: 20, total: 20, initials: ["a"] },
        { article: "PEN", dearest: 10, total: 15, initials: ["a", "b"] },
      ],
    );
  });

  it("combines what asynchronous functions select", async () => {
    const pipeline = new Pipeline();
    const select = async (order: { total: number }): Promise<number> => order.total;
    const rows = collect(pipeline.apply(create(orders)).apply(groupGlobally().combining(select, sum, "total")));
    await runEmbedded(pipeline);
    assert.deepEqual(rows, [{ total: 35 }]);
  });

  it("groups all elements, of which there is no group where there are none", async () => {
    const pipeline = new Pipeline();
    const all = collect(
      pipeline
        .apply(create([1, 2, 3]))
        .apply(groupGlobally())
        .map((group) => Array.from(group).length),
    );
    const none = collect(pipeline.apply(create<number>([])).apply(groupGlobally()));
    await runEmbedded(pipeline);
    assert.deepEqual([all, none], [[3], []]);
  });

  it("combines nothing to a row of defaults", async () => {
    const pipeline = new Pipeline();
    const rows = collect(
      pipeline
        .apply(create<{ x: number }>([]))
        .apply(groupGlobally().combining("x", sum, "sum").combining("x", count, "count")),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(rows, [{ sum: 0, count: 0 }]);
  });

  it("refuses two fields of one name in a row", () => {
    assert.throws(() => groupBy("k").combining("v", sum, "k"), { code: "invalid-argument", message: /called "k"/ });
    assert.throws(() => groupGlobally().combining("v", sum, "x").combining("v", max, "x"), {
      code: "invalid-argument",
    });
  });

  it("says what a group may be named by", () => {
    assert.throws(() => groupBy(7 as never), { code: "invalid-argument" });
  });
});

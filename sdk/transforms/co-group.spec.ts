import assert from "node:assert/strict";
import { DOUBLE_CODER, KVCoder, STRING_CODER } from "../../portability/coders/index.js";
import { P } from "../pipeline/p.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { coGroupBy, coGroupByKey } from "./co-group.js";
import { create } from "./create.js";
import { flatten } from "./flatten.js";
import { groupByKey } from "./group-by-key.js";

const byKey = (a: { key: string | number }, b: { key: string | number }): number => (a.key < b.key ? -1 : 1);

describe("coGroupByKey", () => {
  it("gives for each key the values of every input, none where it has none", async () => {
    const pipeline = new Pipeline();
    const ages = pipeline.apply(
      create([
        { key: "ann", value: 7 },
        { key: "bob", value: 8 },
      ]),
    );
    const mails = pipeline.apply(
      create([
        { key: "ann", value: "a@x" },
        { key: "ann", value: "b@x" },
        { key: "eve", value: "e@x" },
      ]),
    );
    const joined = collect(P({ ages, mails }).apply(coGroupByKey()));
    await runEmbedded(pipeline);
    assert.deepEqual(joined.sort(byKey), [
      { key: "ann", value: { ages: [7], mails: ["a@x", "b@x"] } },
      { key: "bob", value: { ages: [8], mails: [] } },
      { key: "eve", value: { ages: [], mails: ["e@x"] } },
    ]);
  });

  it("joins inputs with different key coders by value", async () => {
    const pipeline = new Pipeline();
    const left = pipeline
      .apply(create([1]))
      .map(() => ({ key: "k", value: 1 }))
      .withCoder(new KVCoder(STRING_CODER, DOUBLE_CODER));
    const right = pipeline.apply(create([{ key: "k", value: 2 }]));
    const joined = collect(P({ left, right }).apply(coGroupByKey()));
    await runEmbedded(pipeline);
    assert.deepEqual(joined, [{ key: "k", value: { left: [1], right: [2] } }]);
  });

  it("joins a PCollection with itself, and tags with names of Object.prototype", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(create([{ key: 1, value: "x" }]));
    const joined = collect(P({ hasOwnProperty: pairs, valueOf: pairs }).apply(coGroupByKey()));
    await runEmbedded(pipeline);
    assert.deepEqual(joined, [{ key: 1, value: { hasOwnProperty: ["x"], valueOf: ["x"] } }]);
  });

  it("refuses inputs whose windows do not match", () => {
    const pipeline = new Pipeline();
    const a = pipeline.apply(create([{ key: 1, value: "x" }]));
    const b = a.apply(windowInto(fixedWindows(10)));
    assert.throws(() => P({ a, b }).apply(coGroupByKey()), {
      code: "incompatible-windows",
      message: /"a" is in global windows, "b" in fixed.*CoGroupByKey/s,
      site: /co-group\.spec\.[jt]s:\d+/,
    });
    assert.throws(() => P([a, b]).apply(flatten()), { code: "incompatible-windows", message: /Flatten/ });
  });

  it("refuses keys that cannot be compared by their bytes", () => {
    const pipeline = new Pipeline();
    const doubles = pipeline
      .apply(create([0.5]))
      .map((key) => ({ key, value: 1 }))
      .withCoder(new KVCoder(DOUBLE_CODER, DOUBLE_CODER));
    assert.throws(() => P({ doubles }).apply(coGroupByKey()), { code: "nondeterministic-key", message: /doubles/ });
    assert.throws(() => doubles.apply(groupByKey()), { code: "nondeterministic-key" });
  });

  it("refuses nothing to join, and PCollections of several pipelines", () => {
    assert.throws(() => P({}).apply(coGroupByKey()), { code: "invalid-argument" });
    const [a, b] = [new Pipeline(), new Pipeline()].map((pipeline) => pipeline.apply(create([{ key: 1, value: 1 }])));
    assert.throws(() => P({ a: a!, b: b! }).apply(coGroupByKey()), { code: "invalid-pipeline" });
  });

  it("joins window by window", async () => {
    const pipeline = new Pipeline();
    const at = (times: number[]) =>
      pipeline
        .apply(create(times))
        .map((t) => ({ key: "k", value: t }))
        .apply(assignTimestamps(({ value }) => value))
        .apply(windowInto(fixedWindows(10)));
    const joined = collect(
      P({ a: at([1, 12]), b: at([2, 3]) })
        .apply(coGroupByKey())
        .map(({ value }) => value),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(
      joined.sort((x, y) => Array.from(y.b).length - Array.from(x.b).length),
      [
        { a: [1], b: [2, 3] },
        { a: [12], b: [] },
      ],
    );
  });
});

describe("coGroupBy", () => {
  it("joins by a property, and by properties and functions for each input", async () => {
    const pipeline = new Pipeline();
    const orders = pipeline.apply(create([{ id: 1, buyer: "ann" }]));
    const people = pipeline.apply(create([{ id: 1, name: "ANN" }]));
    const byId = collect(P({ orders, people }).apply(coGroupBy("id")));
    const byName = collect(
      P({ orders, people }).apply(coGroupBy({ orders: "buyer", people: (person) => person.name.toLowerCase() })),
    );
    await runEmbedded(pipeline);
    const value = { orders: [{ id: 1, buyer: "ann" }], people: [{ id: 1, name: "ANN" }] };
    assert.deepEqual(byId, [{ key: 1, value }]);
    assert.deepEqual(byName, [{ key: "ann", value }]);
  });
});

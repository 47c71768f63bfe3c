import assert from "node:assert/strict";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { countGlobally, countPerElement, countPerKey } from "./count.js";
import { create } from "./create.js";
import { distinct } from "./distinct.js";
import { withKeys } from "./key-values.js";

describe("counting", () => {
  it("counts elements, and the values of keys", async () => {
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a", "b", "a"]));
    const perElement = collect(words.apply(countPerElement()));
    const perKey = collect(words.apply(withKeys((word) => word)).apply(countPerKey()));
    const globally = collect(words.apply(countGlobally()));
    await runEmbedded(pipeline);
    const expected = [
      { key: "a", value: 2 },
      { key: "b", value: 1 },
    ];
    const inOrder = (counts: { key: string; value: number }[]): unknown => counts.sort((a, b) => b.value - a.value);
    assert.deepEqual(inOrder(perElement), expected);
    assert.deepEqual(inOrder(perKey), expected);
    assert.deepEqual(globally, [3]);
  });

  it("counts nothing as 0", async () => {
    const pipeline = new Pipeline();
    const count = collect(pipeline.apply(create([])).apply(countGlobally()));
    await runEmbedded(pipeline);
    assert.deepEqual(count, [0]);
  });

  it("counts window by window", async () => {
    const pipeline = new Pipeline();
    const windowed = pipeline
      .apply(create([1, 2, 11]))
      .apply(assignTimestamps((t) => t))
      .apply(windowInto(fixedWindows(10)));
    const counts = collect(windowed.apply(countGlobally()));
    await runEmbedded(pipeline);
    assert.deepEqual(counts.sort(), [1, 2]);
  });
});

describe("distinct", () => {
  it("keeps each element once, objects by their contents", async () => {
    const pipeline = new Pipeline();
    const once = collect(pipeline.apply(create([{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }])).apply(distinct()));
    await runEmbedded(pipeline);
    assert.deepEqual(
      once.sort((a, b) => Object.keys(b).length - Object.keys(a).length).map((x) => Object.keys(x).length),
      [2, 1],
    );
  });

  it("tells 0 from −0, and NaN from nothing but itself", async () => {
    const pipeline = new Pipeline();
    const once = collect(
      pipeline.apply(create([0, -0, Number.NaN, Number.NaN, undefined, undefined])).apply(distinct()),
    );
    await runEmbedded(pipeline);
    assert.equal(once.length, 4);
    assert.ok(once.some((x) => Object.is(x, -0)) && once.some((x) => Object.is(x, 0)));
    assert.ok(once.includes(undefined) && once.includes(Number.NaN));
  });

  it("keeps any one of the elements with equal representatives", async () => {
    const pipeline = new Pipeline();
    const once = collect(pipeline.apply(create(["a", "A", "b"])).apply(distinct((word) => word.toLowerCase())));
    await runEmbedded(pipeline);
    assert.deepEqual(once.map((word) => word.toLowerCase()).sort(), ["a", "b"]);
  });
});

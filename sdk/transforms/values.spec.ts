import assert from "node:assert/strict";
import { count } from "../combiners/count.js";
import { sumBigInt } from "../combiners/sum.js";
import { toList } from "../combiners/to-list.js";
import { P } from "../pipeline/p.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PTransform } from "../pipeline/pvalue.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows, sessions } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { coGroupByKey } from "./co-group.js";
import { combineGlobally, combinePerKey } from "./combine.js";
import { countPerElement } from "./count.js";
import { create } from "./create.js";
import { distinct } from "./distinct.js";
import { flatten } from "./flatten.js";
import { generateSequence } from "./generate-sequence.js";
import { groupBy } from "./group-by.js";
import { groupByKey } from "./group-by-key.js";
import { groupIntoBatches } from "./group-into-batches.js";
import { keys, kvSwap, values, withKeys } from "./key-values.js";
import { latestPerKey } from "./latest.js";
import { partition } from "./partition.js";
import { redistribute, reshuffle } from "./reshuffle.js";
import { asIterable, asList, asMap } from "./side-inputs.js";
import { waitOn } from "./wait-on.js";

const LONE_SURROGATE = "\uD800";

/** Values that are easily broken on the way, each unlike all others. */
const DELICATE: readonly unknown[] = [
  Number.NaN,
  0,
  -0,
  2 ** 40,
  2 ** 41,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  1e300,
  Number.POSITIVE_INFINITY,
  123456789012345678901234567890n,
  -1n,
  "",
  "NaN",
  LONE_SURROGATE,
  `x${LONE_SURROGATE}y`,
  "\uDC00\uD800",
  "ü€😀",
  null,
  undefined,
  false,
  new Date(86_400_000),
  new Date(Number.NaN),
  Uint8Array.of(0, 255),
  new Map([["k", [1]]]),
  new Set([1, "1"]),
  [],
  {},
  [undefined, null],
  { nested: { deep: [Number.NaN, -0] } },
  { key: 1 },
];

/** Transforms that give back their input, one way or another. */
const IDENTITIES: Readonly<Record<string, PTransform<PCollection<unknown>, PCollection<unknown>>>> = {
  map: (input) => input.map((x) => x),
  filter: (input) => input.filter(() => true),
  flatMap: (input) => input.flatMap((x) => [x]),
  "an asynchronous map": (input) => input.map(async (x) => x),
  parDo: (input) =>
    input.parDo({
      *process(x) {
        yield x;
      },
    }),
  reshuffle: reshuffle(),
  redistribute: redistribute(),
  distinct: distinct(),
  countPerElement: (input) => input.apply(countPerElement()).apply(keys()),
  "groupByKey, as values": (input) =>
    input
      .apply(withKeys(null))
      .apply(groupByKey())
      .flatMap(({ value }) => value),
  "groupByKey, as keys": (input) =>
    input
      .apply(withKeys((x) => x))
      .apply(groupByKey())
      .apply(keys()),
  "combinePerKey, as keys": (input) =>
    input
      .apply(withKeys((x) => x))
      .apply(combinePerKey(count))
      .apply(keys()),
  "combinePerKey with fanout": (input) =>
    input
      .apply(withKeys((x) => [x]))
      .apply(combinePerKey(toList(), { fanout: 3 }))
      .flatMap(({ value }) => value),
  combineGlobally: (input) => input.apply(combineGlobally(toList())).flatMap((list) => list.values()),
  groupBy: (input) => input.apply(groupBy((x) => [x])).flatMap(({ value }) => value),
  "groupBy and combining": (input) =>
    input
      .apply(groupBy((x: unknown) => [x]).combining((x: unknown) => [x], toList<unknown[]>(), "all"))
      .flatMap(({ all }) => all.map(([x]) => x)),
  coGroupByKey: (input) =>
    P({ left: input.apply(withKeys((x) => [x])), right: input.apply(withKeys((x) => [x])) })
      .apply(coGroupByKey())
      .flatMap(({ value }) => value.left),
  flatten: (input) => P(input.apply(partition((x) => (typeof x === "number" ? 1 : 0), 2))).apply(flatten()),
  "windows and timestamps": (input) => input.apply(assignTimestamps(() => 3)).apply(windowInto(fixedWindows(10))),
  "a side input": (input) => input.pipeline.apply(create([0])).flatMap((_, { all }) => all, { all: asList(input) }),
  kvSwap: (input) => input.apply(withKeys(1)).apply(kvSwap()).apply(kvSwap()).apply(values()),
  values: (input) => input.apply(withKeys("k")).apply(values()),
  groupIntoBatches: (input) =>
    input
      .apply(withKeys("k"))
      .apply(groupIntoBatches(4))
      .flatMap(({ value }) => value),
  latestPerKey: (input) =>
    input
      .apply(withKeys((x) => [x]))
      .apply(latestPerKey())
      .apply(values()),
  waitOn: (input) => input.apply(waitOn(input)),
};

/** Node's assertions hold no two invalid Dates for equal. */
function comparable(element: unknown): unknown {
  return element instanceof Date && Number.isNaN(element.getTime()) ? "an invalid Date" : element;
}

/** A copy in the order of `DELICATE`, so that collections without order compare. */
function inOrder(elements: readonly unknown[]): unknown[] {
  const copies = elements.map(comparable);
  return DELICATE.map(comparable).flatMap((delicate) => copies.filter((element) => isSame(element, delicate)));
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

describe("delicate values", () => {
  for (const [name, identity] of Object.entries(IDENTITIES)) {
    it(`survive ${name}`, async () => {
      const pipeline = new Pipeline();
      const elements = collect(pipeline.apply(create(DELICATE)).apply(identity));
      await runEmbedded(pipeline);
      assert.equal(elements.length, DELICATE.length);
      assert.deepStrictEqual(inOrder(elements), DELICATE.map(comparable));
    });

    it(`need not be there: ${name} of nothing is nothing`, async () => {
      const pipeline = new Pipeline();
      const elements = collect(pipeline.apply(create<unknown>([])).apply(identity));
      await runEmbedded(pipeline);
      assert.deepStrictEqual(elements, []);
    });
  }

  it("keep their number where a megabyte is emitted at once", async () => {
    const pipeline = new Pipeline();
    const lines = Array.from({ length: 30_000 }, (_, i) => `${i} ${"x".repeat(100)}`);
    const emitted = pipeline.apply(create([0])).flatMap(() => lines);
    const elements = collect(emitted.apply(reshuffle()));
    await runEmbedded(pipeline);
    assert.equal(elements.length, 30_000);
    assert.equal(new Set(elements).size, 30_000);
  });

  it("are equal as keys by their contents, whatever the order of their properties", async () => {
    const pipeline = new Pipeline();
    const objects = [
      { a: 1, b: new Map([[1, 2]]) },
      { b: new Map([[1, 2]]), a: 1 },
      { a: 1n, b: 2 },
    ];
    const sizes = collect(
      pipeline
        .apply(create<object>(objects))
        .apply(groupBy((x) => x))
        .map(({ value }) => Array.from(value).length),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(sizes.sort(), [1, 2]);
  });

  it("are summed exactly as bigints", async () => {
    const pipeline = new Pipeline();
    const total = collect(pipeline.apply(create([2n ** 64n, 1n])).apply(combineGlobally(sumBigInt)));
    await runEmbedded(pipeline);
    assert.deepEqual(total, [2n ** 64n + 1n]);
  });
});

describe("side inputs", () => {
  it("may be iterated over any number of times", async () => {
    const pipeline = new Pipeline();
    const all = pipeline.apply(create([1, 2, 3]));
    const sums = collect(
      pipeline.apply(create([10, 20])).map(
        (x, { others }) => {
          let total = x;
          for (let i = 0; i < 2; i++) for (const other of others) total += other;
          return total;
        },
        { others: asIterable(all) },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(sums, [22, 32]);
  });

  it("find objects among the keys of a map by their contents", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(create([{ key: { x: 1, y: 2 }, value: "found" }]));
    const found = collect(
      pipeline.apply(create([0])).map((_, { map }) => map.get({ y: 2, x: 1 } as never), { map: asMap(pairs) }),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(found, ["found"]);
  });

  it("are those of the element's window", async () => {
    const pipeline = new Pipeline();
    const windowed = pipeline
      .apply(create([1, 2, 11]))
      .apply(assignTimestamps((t) => t))
      .apply(windowInto(fixedWindows(10)));
    const seen = collect(windowed.map((x, { all }) => [x, all.length], { all: asList(windowed) }));
    await runEmbedded(pipeline);
    assert.deepEqual(seen.sort(), [
      [1, 2],
      [11, 1],
      [2, 2],
    ]);
  });
});

describe("execution", () => {
  it("merges sessions of each key", async () => {
    const pipeline = new Pipeline();
    const groups = collect(
      pipeline
        .apply(
          create([
            { k: "a", t: 1 },
            { k: "a", t: 7 },
            { k: "b", t: 4 },
            { k: "a", t: 12 },
            { k: "a", t: 30 },
          ]),
        )
        .apply(assignTimestamps(({ t }) => t))
        .apply(windowInto(sessions(10)))
        .apply(groupBy("k"))
        .map(({ key, value }) => `${key}: ${Array.from(value, ({ t }) => t).sort((x, y) => x - y)}`),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(groups.sort(), ["a: 1,7,12", "a: 30", "b: 4"]);
  });

  it("divides a sequence into several bundles, and loses nothing", async () => {
    const pipeline = new Pipeline();
    const sizes: number[] = [];
    let size = 0;
    const numbers = pipeline.apply(generateSequence({ to: 1000 })).apply(reshuffle());
    const elements = collect(
      numbers.parDo({
        startBundle() {
          size = 0;
        },
        process(x: number) {
          size++;
          return [x];
        },
        finishBundle() {
          sizes.push(size);
        },
      }),
    );
    await runEmbedded(pipeline, { maxBundleElements: 100 });
    assert.ok(sizes.length >= 10, String(sizes));
    assert.ok(
      sizes.every((each) => each <= 100),
      String(sizes),
    );
    assert.deepEqual(
      elements.sort((a, b) => a - b),
      Array.from({ length: 1000 }, (_, i) => i),
    );
  });
});

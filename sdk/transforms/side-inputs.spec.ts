import assert from "node:assert/strict";
import type { KV } from "../../portability/coders/index.js";
import type { ContextParam } from "../pipeline/context.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows, sessions } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { create } from "./create.js";
import { asIterable, asList, asMap, asMultimap, singleton } from "./side-inputs.js";

async function seenOf<S, T>(elements: readonly S[], view: (side: PCollection<S>) => ContextParam<T>): Promise<T> {
  const pipeline = new Pipeline();
  const side = pipeline.apply(create(elements));
  const seen = collect(
    pipeline.apply("Main", create([0])).map("Read", (_, { it: value }) => [value], { it: view(side) }),
  );
  await runEmbedded(pipeline);
  return (seen as [[T]])[0][0];
}

const PAIRS: readonly KV<string, number>[] = [
  { key: "a", value: 1 },
  { key: "b", value: 2 },
  { key: "a", value: 3 },
];

describe("side inputs", () => {
  it("are all elements, as iterable or list", async () => {
    assert.deepEqual(Array.from(await seenOf([1, 2], asIterable)), [1, 2]);
    assert.deepEqual(await seenOf([1, 2], asList), [1, 2]);
    assert.deepEqual(await seenOf<number, readonly number[]>([], asList), []);
  });

  it("are the only element, or the default for none", async () => {
    assert.equal(await seenOf([7], singleton), 7);
    assert.equal(await seenOf<number, number>([], (side) => singleton(side, { default: 3 })), 3);
    assert.equal(await seenOf<undefined, undefined>([], (side) => singleton(side, { default: undefined })), undefined);
  });

  it("that should be one element and are not fail the job, saying how many there are", async () => {
    await assert.rejects(seenOf<number, number>([], singleton), {
      code: "user-exception",
      message: /has 0 elements.*default/,
    });
    await assert.rejects(seenOf([1, 2], singleton), { code: "user-exception", message: /has 2 elements/ });
  });

  it("are maps and multimaps of pairs", async () => {
    const multimap = await seenOf(PAIRS, asMultimap);
    assert.deepEqual(
      [multimap.get("a"), multimap.get("b"), multimap.get("c"), multimap.size],
      [[1, 3], [2], undefined, 2],
    );
    const map = await seenOf(PAIRS.slice(0, 2), asMap);
    assert.deepEqual(Array.from(map), [
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("that are maps refuse two values of one key", async () => {
    await assert.rejects(seenOf(PAIRS, asMap), { code: "user-exception", message: /two values for the key a/ });
  });

  it("are refused in session windows", () => {
    const numbers = new Pipeline().apply(create([1]));
    const side = numbers.apply(windowInto(sessions(10)));
    assert.throws(() => numbers.map("Step", (x) => x, { side: asList(side) }), {
      code: "incompatible-windows",
      where: "Step",
    });
  });

  it("are refused in windows where the main input is in the global one", () => {
    const numbers = new Pipeline().apply(create([1]));
    const side = numbers.apply(windowInto(fixedWindows(10)));
    assert.throws(() => numbers.map("Step", (x) => x, { side: asList(side) }), {
      code: "incompatible-windows",
      message: /fixed windows, none of which/,
      where: "Step",
    });
    assert.doesNotThrow(() => side.map("Other", (x) => x, { side: asList(numbers) }));
  });
});

import assert from "node:assert/strict";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "./create.js";
import { partition } from "./partition.js";
import { singleton } from "./side-inputs.js";
import { split } from "./split.js";

describe("partition", () => {
  it("deals elements out, in order of the numbers", async () => {
    const pipeline = new Pipeline();
    const parts = pipeline.apply(create(Array.from({ length: 24 }, (_, i) => i))).apply(partition((x, n) => x % n, 12));
    const collected = parts.map((part) => collect(part));
    await runEmbedded(pipeline);
    assert.deepEqual(
      collected,
      parts.map((_, i) => [i, i + 12]),
    );
  });

  it("awaits what an asynchronous function gives", async () => {
    const pipeline = new Pipeline();
    const [even, odd] = pipeline.apply(create([1, 2, 3])).apply(partition((x) => Promise.resolve(x % 2), 2));
    const collected = [collect(even), collect(odd)];
    await runEmbedded(pipeline);
    assert.deepEqual(collected, [[2], [1, 3]]);
  });

  it("hands over what its context asks for", async () => {
    const pipeline = new Pipeline();
    const numbers = pipeline.apply(create([1, 2, 3]));
    const limit = pipeline.apply(create([2]));
    const [below, above] = numbers.apply(partition((x, _, { max }) => (x < max ? 0 : 1), 2, { max: singleton(limit) }));
    const collected = [collect(below), collect(above)];
    await runEmbedded(pipeline);
    assert.deepEqual(collected, [[1], [2, 3]]);
  });

  it("names the number, the transform and the element where there is no such partition", async () => {
    for (const index of [3, -1, 0.5, Number.NaN, undefined]) {
      const pipeline = new Pipeline();
      pipeline.apply(create(["culprit"])).apply(
        "Deal out",
        partition(() => index as number, 3),
      );
      await assert.rejects(runEmbedded(pipeline), {
        code: "user-exception",
        where: "Deal out",
        message: new RegExp(`the number ${index} for one of 3 partitions.*Element: 'culprit'`),
      });
    }
  });

  it("leaves out partitions that nobody reads", async () => {
    const pipeline = new Pipeline();
    const [, odd] = pipeline.apply(create([1, 2])).apply(partition((x) => x % 2, 2));
    const collected = collect(odd);
    await runEmbedded(pipeline);
    assert.deepEqual(collected, [1]);
  });

  it("refuses numbers of partitions that are none", () => {
    for (const n of [0, -1, 1.5]) assert.throws(() => partition(() => 0, n), { code: "invalid-argument" });
  });
});

describe("split", () => {
  it("sends the value of each tag to its PCollection", async () => {
    const pipeline = new Pipeline();
    const tagged = pipeline.apply(
      create<{ word: string } | { size: number }>([{ word: "a" }, { size: 1 }, { word: "b" }]),
    );
    const { word, size } = tagged.apply(split("word", "size"));
    const collected = [collect<unknown>(word), collect<unknown>(size)];
    await runEmbedded(pipeline);
    assert.deepEqual(collected, [["a", "b"], [1]]);
  });

  it("sends an element with several tags to each of them", async () => {
    const pipeline = new Pipeline();
    const { a, b } = pipeline.apply(create([{ a: 1, b: undefined }])).apply(split("a", "b"));
    const collected = [collect<unknown>(a), collect<unknown>(b)];
    await runEmbedded(pipeline);
    assert.deepEqual(collected, [[1], [undefined]]);
  });

  it("names a tag that has no PCollection", async () => {
    const pipeline = new Pipeline();
    pipeline.apply(create<{ a: number; c?: number }>([{ a: 1, c: 3 }])).apply(split("a"));
    await assert.rejects(runEmbedded(pipeline), {
      code: "user-exception",
      where: "Split",
      message: /no output "c"; the outputs are "a".*Element: \{ a: 1, c: 3 \}/,
    });
  });

  it("refuses no tags, and one twice", () => {
    assert.throws(() => split<{ a: number }, []>(), { code: "invalid-argument" });
    assert.throws(() => split<{ a: number }, ["a", "a"]>("a", "a"), { code: "invalid-argument" });
  });
});

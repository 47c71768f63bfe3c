import assert from "node:assert/strict";
import { BOOL_CODER, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "./create.js";
import { generateSequence } from "./generate-sequence.js";
import { impulse } from "./impulse.js";

describe("create", () => {
  it("takes any iterable, and what is in it when it is called", async () => {
    const pipeline = new Pipeline();
    const values = [1, 2];
    const fromArray = collect(pipeline.apply(create(values)));
    const fromSet = collect(pipeline.apply(create(new Set(["a", "b"]))));
    values.push(3);
    await runEmbedded(pipeline);
    assert.deepEqual(
      [fromArray, fromSet],
      [
        [1, 2],
        ["a", "b"],
      ],
    );
  });

  it("writes strings, booleans and whole numbers with standard coders, and nothing else", () => {
    const coderOf = (values: unknown[]) => new Pipeline().apply(create(values)).coder;
    assert.equal(coderOf(["a", "b"]), STRING_CODER);
    assert.equal(coderOf([true]), BOOL_CODER);
    assert.equal(coderOf([1, 2 ** 40]), VARINT_CODER);
    for (const values of [[], [-0], [0.5], [2 ** 53], [1, "a"], [null], [1n]]) assert.equal(coderOf(values), undefined);
  });
});

describe("generateSequence", () => {
  it("counts from the first number to before the last", async () => {
    const pipeline = new Pipeline();
    const numbers = collect(pipeline.apply(generateSequence({ from: -2, to: 3 })));
    const none = collect(pipeline.apply(generateSequence({ from: 3, to: 3 })));
    await runEmbedded(pipeline, { splitBundles: 1, seed: 1 });
    assert.deepEqual([numbers.sort((a, b) => a - b), none], [[-2, -1, 0, 1, 2], []]);
  });

  it("refuses bounds that are not whole", () => {
    assert.throws(() => generateSequence({ to: 0.5 }), { code: "invalid-argument" });
    assert.throws(() => generateSequence({ from: 2 ** 53, to: 2 ** 54 }), { code: "invalid-argument" });
  });
});

describe("impulse", () => {
  it("is one empty byte array", async () => {
    const pipeline = new Pipeline();
    const elements = collect(pipeline.apply(impulse()));
    await runEmbedded(pipeline);
    assert.deepEqual(elements, [new Uint8Array()]);
  });
});

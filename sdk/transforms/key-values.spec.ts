import assert from "node:assert/strict";
import { KVCoder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "./create.js";
import { keys, kvSwap, values, withKeys } from "./key-values.js";

describe("pairs", () => {
  it("are made by a function, an asynchronous one, or a constant", async () => {
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a", "bb"]));
    const byLength = collect(words.apply(withKeys((word) => word.length)));
    const awaited = collect(words.apply(withKeys(async (word) => word.length)));
    const constant = collect(words.apply(withKeys(null)));
    await runEmbedded(pipeline);
    assert.deepEqual(byLength, [
      { key: 1, value: "a" },
      { key: 2, value: "bb" },
    ]);
    assert.deepEqual(awaited, byLength);
    assert.deepEqual(constant, [
      { key: null, value: "a" },
      { key: null, value: "bb" },
    ]);
  });

  it("are taken apart and turned around", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(create([{ key: "a", value: 1 }]));
    const all = [pairs.apply(keys()), pairs.apply(values()), pairs.apply(kvSwap())].map((part) =>
      collect<unknown>(part),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(all, [["a"], [1], [{ key: 1, value: "a" }]]);
  });

  it("keep their coders", () => {
    const pairs = new Pipeline()
      .apply(create([{ key: "a", value: 1 }]))
      .map((pair) => pair)
      .withCoder(new KVCoder(STRING_CODER, VARINT_CODER as never));
    assert.equal(pairs.apply(keys()).coder, STRING_CODER);
    assert.equal(pairs.apply(values()).coder, VARINT_CODER);
    assert.equal((pairs.apply(kvSwap()).coder as KVCoder<unknown, unknown>).value, STRING_CODER);
  });
});

import assert from "node:assert/strict";
import { BYTES_CODER, KVCoder, VARINT_CODER } from "../../portability/coders/index.js";
import { P } from "../pipeline/p.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "./create.js";
import { flatten } from "./flatten.js";
import { groupByKey } from "./group-by-key.js";
import { reshuffle } from "./reshuffle.js";

describe("flatten", () => {
  it("has all elements of its inputs, and those of one twice where it is there twice", async () => {
    const pipeline = new Pipeline();
    const words = pipeline.apply(create(["a"]));
    const all = collect(P([words, pipeline.apply(create([1])), words]).apply(flatten()));
    await runEmbedded(pipeline);
    assert.deepEqual(all.map(String).sort(), ["1", "a", "a"]);
  });

  it("is grouped by equal keys, however its inputs are written", async () => {
    const pipeline = new Pipeline();
    const bytes = (value: number) =>
      pipeline.apply(create([value])).map(() => ({ key: Uint8Array.of(7) as Uint8Array, value }));
    const coded = bytes(1).withCoder(new KVCoder(BYTES_CODER, VARINT_CODER as never));
    const groups = collect(
      P([coded, bytes(2)])
        .apply(flatten())
        .apply(groupByKey())
        .map(({ key, value }) => [key[0], Array.from(value).sort()]),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(groups, [[7, [1, 2]]]);
  });

  it("leaves other readers of its inputs as they are", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(create([1, 2])).map((value) => ({ key: { k: value }, value }));
    const shuffled = pairs.apply(reshuffle());
    const groups = collect(shuffled.apply(groupByKey()).map(({ key }) => key.k));
    const others = collect(pairs.apply(reshuffle()).map(({ key }) => key.k));
    await runEmbedded(pipeline);
    assert.deepEqual(
      [groups.sort(), others.sort()],
      [
        [1, 2],
        [1, 2],
      ],
    );
  });

  it("may be grouped twice, by keys that are written in two ways", async () => {
    const pipeline = new Pipeline();
    const bytes = (value: number) =>
      pipeline.apply(create([value])).map(() => ({ key: Uint8Array.of(7) as Uint8Array, value }));
    const coded = bytes(1).withCoder(new KVCoder(BYTES_CODER, VARINT_CODER as never));
    const sizes = [P([coded, coded]), P([coded, bytes(2)])].map((inputs) =>
      collect(
        inputs
          .apply(flatten())
          .apply(groupByKey())
          .map(({ key, value }) => [key[0], Array.from(value).length]),
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(sizes, [[[7, 2]], [[7, 2]]]);
  });

  it("refuses to be empty", () => {
    assert.throws(() => new Pipeline().applyTo([], flatten()), { code: "invalid-argument" });
  });
});

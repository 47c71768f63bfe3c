import assert from "node:assert/strict";
import { BYTES_CODER, type Coder, KVCoder, VARINT_CODER } from "../../portability/coders/index.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { create } from "./create.js";
import { groupByKey } from "./group-by-key.js";
import { reify } from "./reify.js";
import { redistribute, reshuffle } from "./reshuffle.js";

describe("reshuffle", () => {
  for (const [name, transform] of [
    ["reshuffle", reshuffle<number>()],
    ["redistribute", redistribute<number>()],
  ] as const) {
    it(`keeps timestamps, windows and panes (${name})`, async () => {
      const pipeline = new Pipeline();
      const windowed = pipeline
        .apply(create([1, 2, 11]))
        .apply(assignTimestamps((t) => t))
        .apply(windowInto(fixedWindows(10)));
      const [before, after] = [collect(windowed.apply(reify())), collect(windowed.apply(transform).apply(reify()))];
      await runEmbedded(pipeline);
      assert.equal(after.length, 3);
      assert.deepEqual(after, before);
    });
  }

  it("may be grouped at once", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(create([{ key: { k: 1 }, value: 2 }])).apply(reshuffle());
    const groups = collect(pairs.apply(groupByKey()));
    await runEmbedded(pipeline);
    assert.deepEqual(groups, [{ key: { k: 1 }, value: [2] }]);
  });

  it("is written as its input, whichever of the two is told how", async () => {
    const pipeline = new Pipeline();
    const pairs = pipeline.apply(create([1])).map((value) => ({ key: Uint8Array.of(7) as Uint8Array, value }));
    const coder = new KVCoder(BYTES_CODER, VARINT_CODER as unknown as Coder<number>);
    const [one, other] = [pairs.apply(reshuffle()), pairs.apply(redistribute())];
    one.withCoder(coder);
    assert.deepEqual([pairs.coder, other.coder], [coder, coder]);
    const groups = collect(other.apply(groupByKey()));
    await runEmbedded(pipeline);
    assert.deepEqual(groups, [{ key: Uint8Array.of(7), value: [1] }]);
  });
});

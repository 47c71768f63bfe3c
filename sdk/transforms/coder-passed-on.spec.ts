import { JS_VALUE_CODER, type KV, KVCoder, STRING_CODER } from "../../portability/coders/index.js";
import { passert, testPipeline } from "../testing/index.js";
import { create } from "./create.js";
import { flatten } from "./flatten.js";
import { groupByKey } from "./group-by-key.js";
import { reshuffle } from "./reshuffle.js";

describe("a coder that is found after a transform that keeps elements as they are", () => {
  const pair = (key: string, value: number): KV<string, number> => ({ key, value });
  const grouped = [
    { key: "a", value: [1, 1] },
    { key: "b", value: [2] },
  ];

  it("holds before it too, so that its input can be grouped in its place", async () => {
    await testPipeline((root) => {
      const pairs = root.apply(create([pair("a", 1), pair("a", 1), pair("b", 2)]));
      passert(pairs.apply(groupByKey())).containsInAnyOrder(grouped);
    });
  });

  it("is the one that was set, not just any", async () => {
    await testPipeline((root) => {
      const ones = root.apply(create([pair("a", 1)])).map((element) => element);
      const more = root.apply(create([pair("a", 1), pair("b", 2)])).apply(reshuffle());
      const all = root.pipeline.applyTo([ones, more], flatten<typeof ones>());
      passert(
        all
          .withCoder(new KVCoder(STRING_CODER, JS_VALUE_CODER) as unknown as KVCoder<string, number>)
          .apply(groupByKey()),
      ).containsInAnyOrder(grouped);
    });
  });
});

import assert from "node:assert/strict";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import type { PTransform } from "../pipeline/pvalue.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { create } from "./create.js";
import * as regex from "./regex.js";
import { toStringElements, toStringIterables, toStringKvs } from "./to-string.js";

async function apply<I, O>(
  elements: readonly I[],
  transform: PTransform<PCollection<I>, PCollection<O>>,
): Promise<O[]> {
  const pipeline = new Pipeline();
  const collected = collect(pipeline.apply(create(elements)).apply(transform));
  await runEmbedded(pipeline);
  return collected;
}

describe("regex", () => {
  it("matches lines as a whole", async () => {
    assert.deepEqual(await apply(["ab", "xab", "abx", "ab\nab"], regex.matches("ab")), ["ab"]);
    assert.deepEqual(await apply(["ab", "a"], regex.matches(/a|ab/g)), ["ab", "a"]);
    assert.deepEqual(await apply(["x1", "y"], regex.matches(/x(\d)|y/, 1)), ["1"]);
    assert.deepEqual(await apply(["ab\nab"], regex.matches(/^ab$/m)), []);
  });

  it("gives named groups", async () => {
    assert.deepEqual(await apply(["k=v"], regex.matchesKV(/(?<key>.)=(?<value>.)/, "key", "value")), [
      { key: "k", value: "v" },
    ]);
    assert.deepEqual(await apply(["…k=v…", "k"], regex.findKV(/(.)=(.)/, 1, 2)), [{ key: "k", value: "v" }]);
  });

  it("finds the first match, or all of them", async () => {
    assert.deepEqual(await apply(["a1b2", "c"], regex.find(/\d/g)), ["1"]);
    assert.deepEqual(await apply(["a1b2", "c3"], regex.findAll(/([a-z])\d/, 1)), ["a", "b", "c"]);
  });

  it("replaces one match or all", async () => {
    assert.deepEqual(await apply(["aaa"], regex.replaceFirst(/a/g, "b")), ["baa"]);
    assert.deepEqual(await apply(["aXa"], regex.replaceAll(/a/, "<$&>")), ["<a>X<a>"]);
  });

  it("splits between matches, with the empty parts only on demand", async () => {
    assert.deepEqual(await apply([",a,,b"], regex.split(",")), ["a", "b"]);
    assert.deepEqual(await apply([",a,,b"], regex.split(/(,)/, true)), ["", "a", "", "b"]);
  });

  it("refuses groups that the expression does not have", () => {
    assert.throws(() => regex.matches(/a/, 1), { code: "invalid-argument" });
    assert.throws(() => regex.find(/(?<x>a)/, "y"), { code: "invalid-argument" });
    assert.doesNotThrow(() => regex.find(/(?<x>a)/, "x"));
  });
});

describe("toString", () => {
  it("writes elements, pairs and iterables", async () => {
    assert.deepEqual(await apply([1n, null, "x"], toStringElements()), ["1", "null", "x"]);
    assert.deepEqual(await apply([{ key: "a", value: 1 }], toStringKvs()), ["a,1"]);
    assert.deepEqual(await apply([{ key: "a", value: 1 }], toStringKvs("\t")), ["a\t1"]);
    assert.deepEqual(await apply([[1, 2], new Set([3])], toStringIterables("-")), ["1-2", "3"]);
  });
});

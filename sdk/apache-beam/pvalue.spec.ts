import assert from "node:assert/strict";
import { GirderError } from "../../portability/errors.js";
import { distinct } from "../transforms/distinct.js";
import * as beam from "./index.js";
import { using } from "./interop.js";
import { assertContentsSatisfies, assertDeepEqual } from "./testing/assert.js";
import { reshuffle } from "./transforms/utils.js";

const run = (build: (root: beam.Root) => beam.PValue<unknown> | Promise<beam.PValue<unknown>>) =>
  beam.createRunner().run(build);

/** Names of the transforms that a program applies. */
async function namesOf(build: (root: beam.Root) => void): Promise<string[]> {
  let names: string[] = [];
  await run((root) => {
    build(root);
    names = Object.keys(root.girder.pipeline.toProto().components!.transforms);
  });
  return names;
}

describe("PValues of the official API", () => {
  it("take functions, classes and what is promised for transforms", async () => {
    class Doubled extends beam.PTransformClass<beam.PCollection<number>, beam.PCollection<number>> {
      override expand(input: beam.PCollection<number>): beam.PCollection<number> {
        return input.map((n) => 2 * n);
      }
    }
    class Later extends beam.AsyncPTransformClass<beam.PCollection<number>, beam.PCollection<number>> {
      override async expandAsync(input: beam.PCollection<number>): Promise<beam.PCollection<number>> {
        return input.filter((n) => n > 2);
      }
    }
    await run(async (root) => {
      const doubled = root.apply(beam.create([1, 2])).apply(new Doubled());
      doubled.apply(assertDeepEqual([2, 4]));
      (await doubled.applyAsync(new Later())).apply(assertDeepEqual([4]));
      (await doubled.applyAsync(new Doubled())).apply(assertDeepEqual([4, 8]));
      const asked = await doubled.root().applyAsync(async (own) => own.apply(beam.create(["late"])));
      asked.apply(assertDeepEqual(["late"]));
    });
  });

  it("may be arrays and objects", async () => {
    await run(async (root) => {
      const a = root.apply(beam.create([1]));
      const b = root.apply(beam.create([2, 3]));
      beam
        .P([a, b])
        .apply(beam.flatten<number>())
        .apply(reshuffle())
        .apply(assertDeepEqual([1, 2, 3]));
      const swapped = beam.P({ a, b }).apply((input: { a: typeof a; b: typeof b }) => ({ a: input.b, b: input.a }));
      swapped.a.apply(assertDeepEqual([2, 3]));
      const counted = await beam.P({ a, b }).applyAsync(async (input) => input.b.apply(beam.countGlobally()));
      counted.apply(assertDeepEqual([2]));
      beam
        .P(root)
        .apply(beam.impulse())
        .apply(beam.countGlobally())
        .apply(assertDeepEqual([1]));
      beam
        .P([])
        .apply(() => root.apply(beam.create(["x"])), root)
        .apply(assertDeepEqual(["x"]));
      assert.deepEqual(Object.keys(beam.flattenPValue({ x: [a, b], y: undefined, z: a })), ["x.0", "x.1", "z"]);
      assert.deepEqual(Object.keys(beam.flattenPValue(a)), ["main"]);
      assert.throws(() => beam.P([]).apply(() => undefined), GirderError);
    });
  });

  it("take transforms of girder", async () => {
    await run((root) => {
      root
        .apply(beam.create([1, 1, 2]))
        .apply(using(distinct<number>()))
        .apply(assertDeepEqual([1, 2]));
    });
  });

  it("name their steps after functions, and tell equal names apart", async () => {
    const names = await namesOf((root) => {
      const words = root.apply(beam.create(["a"]));
      root.apply(beam.create(["b"]));
      words.map(function shout(word) {
        return word.toUpperCase();
      });
      words.map(beam.withName("quietly", (word) => word));
      words.map(
        beam.withName(
          () => "lazily named",
          (word) => word,
        ),
      );
      words.map((word) => `a function without a name that is longer than what makes a name of its own source: ${word}`);
      words.apply(beam.withName("whole", (input) => input.filter((word) => word !== "")));
    });
    for (const name of [
      "create",
      "create_2",
      "map(shout)",
      "map(quietly)",
      "map(lazily named)",
      "map",
      "whole/filter",
    ]) {
      assert.ok(names.includes(name), name);
    }
    assert.equal(beam.extractName(beam.withName("own", () => 1)), "own");
    assert.equal(
      beam.extractName((x: number) => x * 2),
      "(x) => x * 2",
    );
  });

  it("say what is wrong with a transform", async () => {
    const asyncInSync = (root: beam.Root): beam.PValue<unknown> => root.apply((async () => undefined) as never);
    await assert.rejects(run(asyncInSync), /output is a promise.*applyAsync/s);
    await assert.rejects(
      run((root) => root.apply("map" as never)),
      /was given map for a transform/,
    );
    class Empty extends beam.PTransformClass<beam.Root, undefined> {}
    await assert.rejects(
      run((root) => root.apply(new Empty())),
      /Empty has no expand/,
    );
  });

  it("are asserted about loosely, in any order, and an assertion that does not hold fails the pipeline", async () => {
    const check = (expected: unknown[]) =>
      run((root) => {
        root.apply(beam.create([{ a: 1n }, { a: 2n }])).apply(assertDeepEqual<unknown>(expected));
      });
    await check([{ a: 2n }, { a: 1n }]);
    await assert.rejects(check([{ a: 2n }]), (thrown: GirderError) => thrown.code === "assertion");
    const contents = (root: beam.Root): void => {
      root.apply(beam.create([3, 4])).apply(assertContentsSatisfies((all: number[]) => assert.equal(all.sort()[0], 4)));
    };
    await assert.rejects(run(contents), (thrown: GirderError) => thrown.code === "assertion");
  });
});

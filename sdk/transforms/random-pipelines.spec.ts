import assert from "node:assert/strict";
import fc from "fast-check";
import { sum } from "../combiners/sum.js";
import { P } from "../pipeline/p.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect } from "../testing/collect-array.js";
import { fixedWindows, sessions, slidingWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import { coGroupByKey } from "./co-group.js";
import { combinePerKey } from "./combine.js";
import { create } from "./create.js";
import { flatten } from "./flatten.js";
import { groupBy } from "./group-by.js";
import { withKeys } from "./key-values.js";
import { partition } from "./partition.js";
import { reify } from "./reify.js";
import { reshuffle } from "./reshuffle.js";
import { asList } from "./side-inputs.js";

type Numbers = PCollection<number>;

const total = (values: Iterable<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

/** Steps over whole numbers; each keeps them small. */
const STEPS: Readonly<Record<string, (input: Numbers) => Numbers>> = {
  map: (input) => input.map((x) => (x * 7 + 1) % 101),
  "async map": (input) => input.map(async (x) => (x + 3) % 101),
  filter: (input) => input.filter((x) => x % 3 !== 0),
  flatMap: (input) =>
    input.flatMap(function* (x) {
      if (x % 2 === 0) yield x;
      yield x % 10;
    }),
  groupBy: (input) => input.apply(groupBy((x) => x % 5)).map(({ key, value }) => (key + total(value)) % 101),
  combine: (input) =>
    input
      .apply(withKeys((x) => x % 4))
      .apply(combinePerKey(sum))
      .map(({ key, value }) => (key + value) % 101),
  "combine with fanout": (input) =>
    input
      .apply(withKeys((x) => x % 2))
      .apply(combinePerKey(sum, { fanout: 3 }))
      .map(({ value }) => value % 101),
  reshuffle: (input) => input.apply(reshuffle()),
  "partition and flatten": (input) => P(input.apply(partition((x) => x % 2, 2))).apply(flatten()),
  join: (input) => {
    const keyed = input.apply(withKeys((x) => x % 6));
    return P({ a: keyed, b: keyed.filter(({ value }) => value > 20) })
      .apply(coGroupByKey())
      .map(({ value }) => (total(value.a) + 2 * total(value.b)) % 101);
  },
  fixed: (input) => input.apply(assignTimestamps((x) => x)).apply(windowInto(fixedWindows(20))),
  sliding: (input) => input.apply(assignTimestamps((x) => x)).apply(windowInto(slidingWindows(20, 10))),
  sessions: (input) => input.apply(assignTimestamps((x) => x)).apply(windowInto(sessions(3))),
  "side input": (input) =>
    input.windowing.windowFn.kind === "sessions"
      ? input
      : input.map((x, { all }) => (x + total(all)) % 101, { all: asList(input.filter((x) => x > 50)) }),
};

async function run(
  numbers: readonly number[],
  steps: readonly string[],
  options: Parameters<typeof runEmbedded>[1] = {},
): Promise<string[]> {
  const pipeline = new Pipeline();
  const output = steps.reduce((input: Numbers, step) => STEPS[step]!(input), pipeline.apply(create(numbers)));
  const described = output
    .apply(reify())
    .map(({ value, timestamp, window }) => `${value} at ${timestamp} in ${String(window)}`);
  const elements = collect(described);
  await runEmbedded(pipeline, options);
  return elements.sort();
}

describe("random pipelines", () => {
  it("compute the same where bundles fail, end early, and the engine is restored after every event", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(100), { maxLength: 40 }),
        fc.array(fc.constantFrom(...Object.keys(STEPS)), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        async (numbers, steps, seed) => {
          const disturbed = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed, maxBundleElements: 7 };
          assert.deepEqual(await run(numbers, steps, disturbed), await run(numbers, steps));
        },
      ),
      { numRuns: 120 },
    );
  }).timeout(20_000);

  it("compute what plain arrays compute", async () => {
    const plain: Readonly<Record<string, (input: readonly number[]) => number[]>> = {
      map: (input) => input.map((x) => (x * 7 + 1) % 101),
      filter: (input) => input.filter((x) => x % 3 !== 0),
      flatMap: (input) => input.flatMap((x) => (x % 2 === 0 ? [x, x % 10] : [x % 10])),
      groupBy: (input) => grouped(input, 5).map(([key, values]) => (key + total(values)) % 101),
      combine: (input) => grouped(input, 4).map(([key, values]) => (key + total(values)) % 101),
      "combine with fanout": (input) => grouped(input, 2).map(([, values]) => total(values) % 101),
      reshuffle: (input) => [...input],
      "partition and flatten": (input) => [...input],
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(100), { maxLength: 40 }),
        fc.array(fc.constantFrom(...Object.keys(plain)), { minLength: 1, maxLength: 6 }),
        async (numbers, steps) => {
          const expected = steps.reduce((input: readonly number[], step) => plain[step]!(input), numbers);
          const values = (await run(numbers, steps)).map((described) => Number.parseInt(described, 10));
          assert.deepEqual(
            values.sort((a, b) => a - b),
            [...expected].sort((a, b) => a - b),
          );
        },
      ),
      { numRuns: 100 },
    );
  }).timeout(20_000);
});

function grouped(values: readonly number[], modulus: number): [number, number[]][] {
  const groups = new Map<number, number[]>();
  for (const value of values) groups.set(value % modulus, [...(groups.get(value % modulus) ?? []), value]);
  return [...groups];
}

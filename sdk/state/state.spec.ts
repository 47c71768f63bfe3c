import assert from "node:assert/strict";
import { type KV, KVCoder, STRING_CODER, VARINT_CODER } from "../../portability/coders/index.js";
import type { StateAddress, StateContents, StateView } from "../../portability/execution/user-state.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import { mean } from "../combiners/mean.js";
import { sum } from "../combiners/sum.js";
import { Harness } from "../harness/harness.js";
import type { CommittedState, StateQuery } from "../harness/state/committed-state.js";
import type { Context, ContextParam } from "../pipeline/context.js";
import type { DoFn } from "../pipeline/do-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { type EmbeddedOptions, runEmbedded } from "../runners/embedded/embedded.js";
import { CheckingWorker } from "../testing/checking-worker.js";
import { collect } from "../testing/collect-array.js";
import { create } from "../transforms/create.js";
import { fixedWindows, slidingWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import type { ValueState } from "./cells.js";
import {
  bagState,
  combiningState,
  mapState,
  multimapState,
  orderedListState,
  setState,
  valueState,
} from "./state-param.js";

/** Committed state that is elsewhere: answers come later, with no more than was asked for. */
class FarState implements CommittedState {
  readonly isRemote = true;

  constructor(readonly view: StateView) {}

  async load(address: StateAddress, query: StateQuery): Promise<StateContents> {
    await new Promise((resolve) => setImmediate(resolve));
    const all = [...(this.view.read(address) ?? [])];
    if ("part" in query) return new Map(all.filter(([part]) => part === query.part));
    if ("from" in query) {
      const { from, to = Number.POSITIVE_INFINITY } = query;
      return new Map(all.filter(([part]) => Number(part) >= from && Number(part) < to));
    }
    return query.parts === "all" ? new Map(all) : new Map(all.map(([part]) => [part, []]));
  }
}

/** Ways to run a pipeline that must make no difference. */
const WAYS: readonly (readonly [string, EmbeddedOptions])[] = [
  ["in one go", {}],
  ["in bundles of three", { maxBundleElements: 3 }],
  [
    "with bundles lost and split",
    { failBundles: 0.4, splitBundles: 0.6, bundleAttempts: 30, seed: 5, restoreAlways: true },
  ],
  [
    "element by element, encoded in between",
    { maxBundleElements: 1, wrapWorker: (worker) => new CheckingWorker(worker) },
  ],
  [
    "with committed state elsewhere",
    {
      maxBundleElements: 5,
      wrapWorker: (worker) =>
        new Harness((worker as Harness).functions, { committedState: ({ state }) => new FarState(state) }),
    },
  ],
];

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** Numbers by their remainder of 3, each at itself as timestamp. */
function pairs(pipeline: Pipeline, numbers: readonly number[]): PCollection<KV<number, number>> {
  return pipeline
    .apply(create(numbers))
    .apply(assignTimestamps((n) => n))
    .map((n): KV<number, number> => ({ key: n % 3, value: n })) as PCollection<KV<number, number>>;
}

/** Runs a DoFn over pairs in each way; its outputs must be these each time. */
function gives<C extends Context>(
  what: string,
  doFn: () => DoFn<KV<number, number>, string, C>,
  context: () => C,
  expected: readonly string[],
  numbers: readonly number[] = range(12),
): void {
  for (const [way, options] of WAYS) {
    it(`${what}, ${way}`, async () => {
      const pipeline = new Pipeline();
      const results = collect(
        pairs(pipeline, numbers).parDo(doFn() as DoFn<KV<number, number>, string>, context() as Context),
      );
      await runEmbedded(pipeline, options);
      assert.deepEqual(results.sort(), [...expected].sort());
    });
  }
}

const last = (key: number) => 9 + key;

describe("state", () => {
  gives(
    "of one value is what was written before",
    () => ({
      process({ key, value }, { before }) {
        const was = before.read();
        before.write(value);
        return [`${key}: ${was} then ${value}`];
      },
    }),
    () => ({ before: valueState<number>("before") }),
    range(12).map((n) => `${n % 3}: ${n < 3 ? undefined : n - 3} then ${n}`),
  );

  gives(
    "of one value is gone when it is cleared",
    () => ({
      process({ key, value }, { before }) {
        const was = before.read();
        if (value >= 6) before.clear();
        else before.write(value);
        return [`${key} ${was}`];
      },
    }),
    () => ({ before: valueState<number>("before", VARINT_CODER as never) }),
    range(12).map((n) => `${n % 3} ${n < 3 || n >= 9 ? undefined : n - 3}`),
  );

  gives(
    "of one value may be an object that its function goes on changing",
    () => ({
      process({ key, value }, { held }) {
        const seen = held.read() ?? new Map<string, number>();
        seen.set("sum", (seen.get("sum") ?? 0) + value);
        held.write(seen);
        return value === last(key) ? [`${key}: ${seen.get("sum")}`] : [];
      },
    }),
    () => ({ held: valueState<Map<string, number>>("held") }),
    ["0: 18", "1: 22", "2: 26"],
  );

  gives(
    "of a bag holds all that was added, in order, until it is cleared",
    () => ({
      process({ key, value }, { bag }) {
        const wasEmpty = bag.isEmpty();
        bag.add({ value });
        const seen = bag.read().map((each) => each.value);
        if (value === 3 + key) bag.clear();
        return [`${key} ${wasEmpty} ${seen}`];
      },
    }),
    () => ({ bag: bagState<{ readonly value: number }>("bag") }),
    [0, 1, 2].flatMap((k) => [
      `${k} true ${k}`,
      `${k} false ${k},${k + 3}`,
      `${k} true ${k + 6}`,
      `${k} false ${k + 6},${k + 9}`,
    ]),
  );

  gives(
    "that combines gives the output for all that was added",
    () => ({
      process({ key, value }, { total, average }) {
        total.add(value);
        average.add(value);
        if (value === 3 + key) average.clear();
        return value === last(key) ? [`${key}: ${total.read()}, ${average.read()}`] : [];
      },
    }),
    () => ({ total: combiningState("total", sum), average: combiningState("average", mean) }),
    ["0: 18, 7.5", "1: 22, 8.5", "2: 26, 9.5"],
  );

  gives(
    "that combines nothing gives what its function has for nothing",
    () => ({
      process({ key }, { total }) {
        return key === 0 ? [`${total.isEmpty()} ${total.read()}`] : [];
      },
    }),
    () => ({ total: combiningState("total", sum) }),
    range(4).map(() => "true 0"),
  );

  gives(
    "of a set holds equal values once",
    () => ({
      process({ key, value }, { seen }) {
        const isNew = !seen.has({ half: value >> 2 });
        seen.add({ half: value >> 2 });
        if (value === last(key)) seen.delete({ half: 0 });
        const halves = seen.read().map(({ half }) => half);
        return [`${key} ${isNew} ${halves.sort()}`];
      },
    }),
    () => ({ seen: setState<{ readonly half: number }>("seen") }),
    [
      "0 true 0",
      "0 false 0",
      "0 true 0,1",
      "0 true 1,2",
      "1 true 0",
      "1 true 0,1",
      "1 false 0,1",
      "1 true 1,2",
      "2 true 0",
      "2 true 0,1",
      "2 true 0,1,2",
      "2 false 1,2",
    ],
  );

  gives(
    "of a set may be cleared and filled again",
    () => ({
      process({ key, value }, { seen }) {
        if (value === 3 + key) seen.clear();
        const wasEmpty = seen.isEmpty();
        seen.add(value);
        return [`${key} ${wasEmpty} ${[...seen.read()].sort()}`];
      },
    }),
    () => ({ seen: setState<number>("seen") }),
    [0, 1, 2].flatMap((k) => [
      `${k} true ${k}`,
      `${k} true ${k + 3}`,
      `${k} false ${[k + 3, k + 6].sort()}`,
      `${k} false ${[k + 3, k + 6, k + 9].sort()}`,
    ]),
  );

  gives(
    "of a map has a value for each key",
    () => ({
      async process({ key, value }, { counts }) {
        const name = { of: value % 2 };
        const count = (await counts.get(name)) ?? 0;
        counts.set(name, count + 1);
        if (value !== last(key)) return [];
        const entries = (await counts.entries()).map(([{ of }, n]) => `${of}=${n}`).sort();
        const keys = (await counts.keys()).map(({ of }) => of).sort();
        counts.delete({ of: 0 });
        const left = await counts.keys();
        return [`${key}: ${entries} ${keys} ${left.length} ${await counts.has({ of: 0 })} ${await counts.isEmpty()}`];
      },
    }),
    () => ({ counts: mapState<{ readonly of: number }, number>("counts") }),
    ["0: 0=2,1=2 0,1 1 false false", "1: 0=2,1=2 0,1 1 false false", "2: 0=2,1=2 0,1 1 false false"],
  );

  gives(
    "of a map may be cleared, and holds objects of its function's own",
    () => ({
      async process({ key, value }, { lists }) {
        const list = (await lists.get("a")) ?? [];
        list.push(value);
        lists.set("a", list);
        if (value === 3 + key) {
          lists.clear();
          lists.set("b", [value]);
        }
        return [`${key}: ${list} ${[...(await lists.keys())].sort()}`];
      },
    }),
    () => ({ lists: mapState<string, number[]>("lists", { key: STRING_CODER }) }),
    [0, 1, 2].flatMap((k) => [
      `${k}: ${k} a`,
      `${k}: ${k},${k + 3} b`,
      `${k}: ${k + 6} a,b`,
      `${k}: ${k + 6},${k + 9} a,b`,
    ]),
  );

  gives(
    "of a multimap has any number of values for each key",
    () => ({
      async process({ key, value }, { seen }) {
        const name = value % 2 === 0 ? "even" : "odd";
        seen.add(name, value);
        if (value === 6 + key) seen.delete("odd");
        if (value !== last(key)) return [];
        const entries = (await seen.entries()).map(([kind, values]) => `${kind}=${values}`).sort();
        return [
          `${key}: ${entries} ${(await seen.get("odd")).length} ${await seen.has("odd")} ${(await seen.keys()).length}`,
        ];
      },
    }),
    () => ({ seen: multimapState<string, number>("seen") }),
    ["0: even=0,6,odd=9 1 true 2", "1: even=4,10 0 false 1", "2: even=2,8,odd=11 1 true 2"],
  );

  gives(
    "of a multimap may be cleared",
    () => ({
      async process({ key, value }, { seen }) {
        if (value === 6 + key) seen.clear();
        const wasEmpty = await seen.isEmpty();
        seen.add("a", value);
        return [`${key} ${wasEmpty} ${await seen.get("a")}`];
      },
    }),
    () => ({ seen: multimapState<string, number>("seen") }),
    [0, 1, 2].flatMap((k) => [
      `${k} true ${k}`,
      `${k} false ${k},${k + 3}`,
      `${k} true ${k + 6}`,
      `${k} false ${k + 6},${k + 9}`,
    ]),
  );

  gives(
    "of an ordered list is read in the order of its timestamps, in parts",
    () => ({
      async process({ key, value }, { list }) {
        // Not in the order in which they come.
        list.add(100 - value, `v${value}`);
        if (value === 6 + key) await list.clearRange(100 - (3 + key), 100 - key);
        if (value !== last(key)) return [];
        const all = (await list.read()).map(({ timestamp, value: v }) => `${v}@${timestamp}`);
        const some = (await list.read(100 - (6 + key), 100 - (3 + key))).map(({ value: v }) => v);
        return [`${key}: ${all} | ${some}`];
      },
    }),
    () => ({ list: orderedListState<string>("list", STRING_CODER) }),
    [0, 1, 2].map((k) => `${k}: v${9 + k}@${91 - k},v${6 + k}@${94 - k},v${k}@${100 - k} | v${6 + k}`),
  );

  gives(
    "of an ordered list keeps those of one timestamp in their order, and may be cleared",
    () => ({
      async process({ key, value }, { list }) {
        if (value === 3 + key) list.clear();
        const wasEmpty = await list.isEmpty();
        list.add(7, value);
        return [`${key} ${wasEmpty} ${(await list.read()).map((each) => each.value)}`];
      },
    }),
    () => ({ list: orderedListState<number>("list") }),
    [0, 1, 2].flatMap((k) => [
      `${k} true ${k}`,
      `${k} true ${k + 3}`,
      `${k} false ${k + 3},${k + 6}`,
      `${k} false ${k + 3},${k + 6},${k + 9}`,
    ]),
  );

  for (const [way, options] of WAYS) {
    it(`is each window's own, ${way}`, async () => {
      const pipeline = new Pipeline();
      const counts = collect(
        pairs(pipeline, range(12))
          .apply(windowInto(slidingWindows(8, 4)))
          .flatMap(
            ({ key }, { count }) => {
              count.write((count.read() ?? 0) + 1);
              return [`${key}: ${count.read()}`];
            },
            { count: valueState<number>("count") },
          ),
      );
      await runEmbedded(pipeline, options);
      const expected: string[] = [];
      for (const start of [-4, 0, 4, 8]) {
        const seen = [0, 0, 0];
        for (const n of range(12)) if (n >= start && n < start + 8) expected.push(`${n % 3}: ${++seen[n % 3]!}`);
      }
      assert.deepEqual(counts.sort(), expected.sort());
    });
  }

  it("is kept by map and filter, too", async () => {
    const pipeline = new Pipeline();
    const numbered = pairs(pipeline, range(6)).map(
      ({ key, value }, { count }) => {
        count.add(1);
        return { key, value: `${key} ${value} is number ${count.read()}` };
      },
      { count: combiningState("count", sum) },
    ) as PCollection<KV<number, string>>;
    const firsts = collect(
      numbered
        .filter(
          (_, { seen }) => {
            const isFirst = seen.read() === undefined;
            seen.write(true);
            return isFirst;
          },
          { seen: valueState<boolean>("seen") },
        )
        .map(({ value }) => value),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(firsts.sort(), ["0 0 is number 1", "1 1 is number 1", "2 2 is number 1"]);
  });

  it("is awaited in the order of a key's elements, however long each takes", async () => {
    const pipeline = new Pipeline();
    const sequences = collect(
      pairs(pipeline, range(30)).parDo(
        {
          async process({ key, value }, { seen }) {
            const before = seen.read();
            await new Promise((resolve) => setTimeout(resolve, (30 - value) % 4));
            seen.add(value);
            return before.length === 9 ? [`${key}: ${seen.read()}`] : [];
          },
        },
        { seen: bagState<number>("seen") },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(
      sequences.sort(),
      [0, 1, 2].map((key) => `${key}: ${range(10).map((i) => 3 * i + key)}`),
    );
  });

  it("tells keys apart by their bytes", async () => {
    const pipeline = new Pipeline();
    const keys: unknown[] = [0, -0, "0", { a: 1, b: 2 }, { b: 2, a: 1 }, [0], Number.NaN, Number.NaN, 2 ** 40, 2 ** 41];
    const counts = collect(
      pipeline.apply(create(keys.map((key) => ({ key, value: 1 })))).map(
        (_, { count }) => {
          count.add(1);
          return count.read();
        },
        { count: combiningState("count", sum) },
      ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(counts.sort(), [1, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
  });

  it("leaves nothing where a bundle is lost, whatever its function did to the objects in it", async () => {
    const changing: CombineFn<number, number[], number> = {
      createAccumulator: () => [],
      addInput: (held, input) => {
        held.push(input);
        return held;
      },
      mergeAccumulators: (held) => [...held].flat(),
      extractOutput: (held) => held.length,
    };
    for (let seed = 0; seed < 5; seed++) {
      const pipeline = new Pipeline();
      const counts = collect(
        pairs(pipeline, range(60)).parDo(
          {
            process({ value }, { list, count }) {
              const held = list.read() ?? [];
              held.push(value);
              list.write(held);
              count.add(value);
              return value >= 57 ? [`${held.length} ${count.read()}`] : [];
            },
          },
          { list: valueState<number[]>("list"), count: combiningState("count", changing) },
        ),
      );
      await runEmbedded(pipeline, { failBundles: 0.5, splitBundles: 0.5, bundleAttempts: 40, seed });
      assert.deepEqual(counts, ["20 20", "20 20", "20 20"]);
    }
  });

  it("is refused where no key is in hand", async () => {
    const cases: readonly DoFn<KV<number, number>, string, { s: ContextParam<ValueState<number>> }>[] = [
      { process: () => {}, startBundle: ({ s }) => s.write(1) },
      {
        process: () => {},
        finishBundle({ s }) {
          s.write(1);
        },
      },
    ];
    for (const doFn of cases) {
      const pipeline = new Pipeline();
      pairs(pipeline, [1]).parDo("Step", doFn, { s: valueState<number>("s") });
      await assert.rejects(runEmbedded(pipeline), {
        code: "user-exception",
        where: "Step",
        message: /no key is in hand/,
      });
    }
  });

  it("is refused for elements that turn out to be no pairs", async () => {
    for (const element of ["a", null, undefined, [1]]) {
      const pipeline = new Pipeline();
      const elements: PCollection<unknown> = pipeline.apply(create([element])).map((it) => it);
      const input = elements as PCollection<KV<string, number>>;
      input.parDo("Step", { process: (_, { s }) => s.clear() }, { s: valueState<number>("s") });
      await assert.rejects(runEmbedded(pipeline), { code: "user-exception", where: "Step", message: /is no pair/ });
    }
  });

  it("names the step whose value cannot be written", async () => {
    for (const value of [() => 1, { no: () => 1 }]) {
      const pipeline = new Pipeline();
      pairs(pipeline, [1]).parDo("Step", { process: (_, { s }) => s.write(value) }, { s: valueState<unknown>("s") });
      await assert.rejects(runEmbedded(pipeline), { code: "cannot-encode", where: "Step" });
    }
  });
});

describe("state in windows", () => {
  it("is forgotten when its window is over", async () => {
    const pipeline = new Pipeline();
    const counts = collect(
      pipeline
        .apply(create([1, 2, 11, 12, 13]))
        .apply(assignTimestamps((n) => n))
        .map((value): KV<string, number> => ({ key: "k", value }))
        .apply(windowInto(fixedWindows(10)))
        .map(
          (_, { count }) => {
            count.add(1);
            return count.read();
          },
          { count: combiningState("count", sum) },
        ),
    );
    await runEmbedded(pipeline);
    assert.deepEqual(counts.sort(), [1, 1, 2, 2, 3]);
  });

  it("keeps the coders that it was given", () => {
    const pipeline = new Pipeline();
    const input = pairs(pipeline, [1]).withCoder(new KVCoder(VARINT_CODER, VARINT_CODER) as never);
    input.parDo(
      "Step",
      { process: () => {} },
      { s: bagState("s", STRING_CODER), m: mapState("m", { value: STRING_CODER }) },
    );
    const { components } = pipeline.toProto();
    const used = Object.values(components!.coders).map(({ spec }) => spec?.urn);
    assert.ok(used.includes("beam:coder:string_utf8:v1"));
  });
});

import { setTimeout as wait } from "node:timers/promises";
import {
  bagState,
  combiningState,
  create,
  fixedWindows,
  generateSequence,
  globalWindows,
  groupByKey,
  type KV,
  mapState,
  max,
  mean,
  multimapState,
  orderedListState,
  type PCollection,
  type Root,
  sessions,
  setState,
  singleton,
  slidingWindows,
  sum,
  valueState,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert, testStream } from "girder/testing";
import type { ConformanceTest, ExpectedFailure } from "../conformance-test.js";

const TWELVE = Array.from({ length: 12 }, (_, i) => i);

/** 0 to 11 in their order, by their remainder of 3. */
function threes(root: Root): PCollection<KV<number, number>> {
  const stream = testStream<KV<number, number>>().add(0, ...TWELVE.map((n) => ({ key: n % 3, value: n })));
  return root.apply(stream).apply(windowInto(globalWindows()));
}

/** A test of a function over {@link threes} whose outputs must be these. */
function stateful(
  name: string,
  rule: string,
  apply: (pairs: PCollection<KV<number, number>>) => PCollection<string>,
  expected: readonly string[],
): ConformanceTest {
  return {
    category: "StatefulParDo",
    name,
    rule,
    build: (root) => passert(apply(threes(root))).containsInAnyOrder(expected),
  };
}

/** A test of a pipeline that must be refused while it is built. */
function refused(
  name: string,
  rule: string,
  build: (root: Root) => unknown,
  failure: ExpectedFailure,
): ConformanceTest {
  return { category: "StatefulParDo", name, rule, build, failure };
}

const forEach3 = (of: (key: number) => readonly string[]): string[] => [0, 1, 2].flatMap(of);
/** Whether a number is the last one of its key. */
const isLast = (n: number): boolean => n >= 9;

export const STATE: readonly ConformanceTest[] = [
  stateful(
    "of one value is what was written last",
    "read_modify_write_spec: a cell holds nothing until it is written, and then what was written last.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { before }) => {
          const was = before.read();
          before.write(value);
          return [`${key}: ${was} ${value}`];
        },
        { before: valueState<number>("before") },
      ),
    TWELVE.map((n) => `${n % 3}: ${n < 3 ? undefined : n - 3} ${n}`),
  ),
  stateful(
    "of one value is nothing once it is cleared",
    "StateClearRequest: a cell that was cleared is as it was at first.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { before }) => {
          const was = before.read();
          if (value >= 6) before.clear();
          else before.write(value);
          return [`${key}: ${was}`];
        },
        { before: valueState<number>("before") },
      ),
    TWELVE.map((n) => `${n % 3}: ${n < 3 || n >= 9 ? undefined : n - 3}`),
  ),
  stateful(
    "of one value is of any kind that its coder writes",
    "A cell holds what its coder writes: an object that was read may be changed and written again.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { held }) => {
          const seen = held.read() ?? { values: new Set<number>(), at: new Date(0) };
          seen.values.add(value);
          seen.at = new Date(seen.at.getTime() + value);
          held.write(seen);
          return isLast(value) ? [`${key}: ${[...seen.values]} ${seen.at.getTime()}`] : [];
        },
        { held: valueState<{ values: Set<number>; at: Date }>("held") },
      ),
    ["0: 0,3,6,9 18", "1: 1,4,7,10 22", "2: 2,5,8,11 26"],
  ),
  stateful(
    "of a bag holds all that was added",
    "bag_spec: values are appended, doubles among them, and cleared together.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { bag }) => {
          const wasEmpty = bag.isEmpty();
          bag.add(value);
          bag.add(value);
          const seen = bag.read().length;
          if (value === 3 + key) bag.clear();
          return [`${key}: ${wasEmpty} ${seen}`];
        },
        { bag: bagState<number>("bag") },
      ),
    forEach3((k) => [`${k}: true 2`, `${k}: false 4`, `${k}: true 2`, `${k}: false 4`]),
  ),
  stateful(
    "of a bag that was cleared holds what was added afterwards",
    "Requests for a cell take effect in their order.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { bag }) => {
          bag.add(-1);
          if (value % 2 === 0) bag.clear();
          bag.add(value);
          return isLast(value) ? [`${key}: ${bag.read()}`] : [];
        },
        { bag: bagState<number>("bag") },
      ),
    ["0: 6,-1,9", "1: 10", "2: 8,-1,11"],
  ),
  stateful(
    "that combines gives the output for what was added",
    "combining_spec: a cell holds accumulators; what is read is the output of all of them.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { total, largest, average }) => {
          for (const each of [total, largest, average]) each.add(value);
          if (value === 3 + key) average.clear();
          return isLast(value) ? [`${key}: ${total.read()} ${largest.read()} ${average.read()}`] : [];
        },
        {
          total: combiningState("total", sum),
          largest: combiningState("largest", max),
          average: combiningState("average", mean),
        },
      ),
    ["0: 18 9 7.5", "1: 22 10 8.5", "2: 26 11 9.5"],
  ),
  stateful(
    "that combines nothing gives the output for nothing",
    "combining_spec: the output of no accumulator is that of an empty one.",
    (pairs) =>
      pairs.flatMap(({ key, value }, { total }) => (value === key ? [`${total.isEmpty()} ${total.read()}`] : []), {
        total: combiningState("total", sum),
      }),
    ["true 0", "true 0", "true 0"],
  ),
  stateful(
    "of a set holds equal values once",
    "set_spec: values are equal where they are written as equal bytes.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { seen }) => {
          const isNew = !seen.has({ half: value >> 2 });
          seen.add({ half: value >> 2 });
          if (isLast(value)) seen.delete({ half: 0 });
          return [`${key}: ${isNew} ${seen.read().length}`];
        },
        { seen: setState<{ readonly half: number }>("seen") },
      ),
    [
      ...["0: true 1", "0: false 1", "0: true 2", "0: true 2"],
      ...["1: true 1", "1: true 2", "1: false 2", "1: true 2"],
      ...["2: true 1", "2: true 2", "2: true 3", "2: false 2"],
    ],
  ),
  stateful(
    "of a set may be cleared",
    "set_spec: a set that was cleared is empty.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { seen }) => {
          if (value === 6 + key) seen.clear();
          const wasEmpty = seen.isEmpty();
          seen.add(value);
          return [`${key}: ${wasEmpty} ${seen.read().length}`];
        },
        { seen: setState<number>("seen") },
      ),
    forEach3((k) => [`${k}: true 1`, `${k}: false 2`, `${k}: true 1`, `${k}: false 2`]),
  ),
  stateful(
    "of a map holds a value for each key",
    "map_spec: a key has the value that was put last; keys are equal where they are written as equal bytes.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { counts }) {
            const name = { of: value % 2, kind: "parity" };
            counts.set(name, ((await counts.get({ kind: "parity", of: value % 2 })) ?? 0) + value);
            if (!isLast(value)) return [];
            const entries = (await counts.entries()).map(([{ of }, total]) => `${of}=${total}`);
            return [`${key}: ${entries.sort()}`];
          },
        },
        { counts: mapState<{ readonly of: number; readonly kind: string }, number>("counts") },
      ),
    ["0: 0=6,1=12", "1: 0=14,1=8", "2: 0=10,1=16"],
  ),
  stateful(
    "of a map may lose keys, and all of them",
    "map_spec: a key that was removed has no value, and is not among the keys.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { held }) {
            if (value === 3 + key) held.delete(key);
            if (value === 6 + key) held.clear();
            const known = [...(await held.keys())].sort((a, b) => a - b);
            const has = await held.has(key);
            held.set(value, "there");
            return [`${key}: ${known} ${has} ${await held.isEmpty()}`];
          },
        },
        { held: mapState<number, string>("held") },
      ),
    forEach3((k) => [`${k}:  false false`, `${k}:  false false`, `${k}:  false false`, `${k}: ${k + 6} false false`]),
  ),
  stateful(
    "of a multimap holds any number of values for each key",
    "multimap_spec, beam:user_state:multimap:v1: values are appended to a key, and removed with it.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { seen }) {
            const name = value % 2 === 0 ? "even" : "odd";
            seen.add(name, value);
            if (value === 6 + key) seen.delete("odd");
            if (!isLast(value)) return [];
            const entries = (await seen.entries()).map(([kind, values]) => `${kind}=${values}`);
            return [`${key}: ${entries.sort()} ${await seen.has("odd")} ${(await seen.get("none")).length}`];
          },
        },
        { seen: multimapState<string, number>("seen") },
      ),
    ["0: even=0,6,odd=9 true 0", "1: even=4,10 false 0", "2: even=2,8,odd=11 true 0"],
  ),
  stateful(
    "of a multimap may be cleared",
    "multimap_spec: one that was cleared has no keys.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { seen }) {
            if (value === 6 + key) seen.clear();
            const known = (await seen.keys()).length;
            seen.add(`${value % 2}`, value);
            return [`${key}: ${known}`];
          },
        },
        { seen: multimapState<string, number>("seen") },
      ),
    forEach3((k) => [`${k}: 0`, `${k}: 1`, `${k}: 0`, `${k}: 1`]),
  ),
  stateful(
    "of an ordered list is read in the order of its timestamps",
    "ordered_list_spec, beam:user_state:ordered_list:v1: entries are read by ranges of their timestamps, the end excluded.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { list }) {
            list.add(100 - value, `v${value}`);
            if (!isLast(value)) return [];
            const all = (await list.read()).map((entry) => entry.value);
            const some = (await list.read(94 - key, 100 - key)).map(({ timestamp }) => timestamp);
            return [`${key}: ${all} ${some}`];
          },
        },
        { list: orderedListState<string>("list") },
      ),
    forEach3((k) => [`${k}: v${k + 9},v${k + 6},v${k + 3},v${k} ${94 - k},${97 - k}`]),
  ),
  stateful(
    "of an ordered list may lose a range",
    "ordered_list_spec: a range is cleared, the end excluded, and may be filled again.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { list }) {
            list.add(value, value);
            if (value === 6 + key) {
              await list.clearRange(key, 6 + key);
              list.add(key, -1);
            }
            return isLast(value) ? [`${key}: ${(await list.read()).map((entry) => entry.value)}`] : [];
          },
        },
        { list: orderedListState<number>("list") },
      ),
    forEach3((k) => [`${k}: -1,${k + 6},${k + 9}`]),
  ),
  stateful(
    "of several kinds is kept side by side",
    "state_specs: each state of a function has cells of its own.",
    (pairs) =>
      pairs.flatMap(
        ({ key, value }, { last, all }) => {
          if (value % 2 === 0) last.write(value);
          else all.add(value);
          return isLast(value) ? [`${key}: ${last.read()} ${all.read()}`] : [];
        },
        { last: valueState<number>("last"), all: bagState<number>("all") },
      ),
    ["0: 6 3,9", "1: 10 1,7", "2: 8 5,11"],
  ),
  stateful(
    "is a function's own, whatever others call theirs",
    "A state is named by its transform and its id.",
    (pairs) => {
      const counted = (input: PCollection<KV<number, number>>): PCollection<KV<number, number>> =>
        input.map(
          ({ key, value }, { count }) => {
            count.add(1);
            return { key, value: value * 10 + count.read() };
          },
          { count: combiningState("count", sum) },
        ) as PCollection<KV<number, number>>;
      return counted(counted(pairs)).map(({ value }) => `${value}`);
    },
    TWELVE.map((n) => `${n * 100 + 11 * (Math.floor(n / 3) + 1)}`),
  ),
  stateful(
    "is awaited in the order of a key's elements",
    "Elements of one key and window are processed one after the other.",
    (pairs) =>
      pairs.parDo(
        {
          async process({ key, value }, { seen }) {
            const before = seen.read();
            await wait((11 - value) % 4);
            seen.write([...(before ?? []), value]);
            return isLast(value) ? [`${key}: ${seen.read()}`] : [];
          },
        },
        { seen: valueState<readonly number[]>("seen") },
      ),
    ["0: 0,3,6,9", "1: 1,4,7,10", "2: 2,5,8,11"],
  ),
  {
    category: "StatefulParDo",
    name: "is each window's own",
    rule: "A cell belongs to a key and a window.",
    build(root) {
      const counts = root
        .apply(create(TWELVE))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(fixedWindows(5)))
        .apply(withKeys("k"))
        .map(
          (_, { count }) => {
            count.add(1);
            return count.read();
          },
          { count: combiningState("count", sum) },
        );
      passert(counts).containsInAnyOrder([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]);
    },
  },
  {
    category: "StatefulParDo",
    name: "is kept for each window of an element",
    rule: "An element in several windows is processed once for each, with the cells of each.",
    build(root) {
      const counts = root
        .apply(create([1, 6, 7]))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(slidingWindows(10, 5)))
        .apply(withKeys("k"))
        .map(
          (_, { count }) => {
            count.add(1);
            return count.read();
          },
          { count: combiningState("count", sum) },
        );
      // [-5, 5), [0, 10) and [5, 15).
      passert(counts).containsInAnyOrder([1, 1, 2, 3, 1, 2]);
    },
  },
  {
    category: "StatefulParDo",
    name: "tells keys apart by their bytes",
    rule: "Two keys are one where they are written as equal bytes.",
    build(root) {
      const keys = [0, -0, "0", { a: 1, b: [2] }, { b: [2], a: 1 }, null, Number.NaN, Number.NaN, 2 ** 40, 2 ** 41];
      const counts = root.apply(create(keys.map((key) => ({ key, value: 1 })))).map(
        (_, { count }) => {
          count.add(1);
          return count.read();
        },
        { count: combiningState("count", sum) },
      );
      passert(counts).containsInAnyOrder([1, 1, 1, 1, 1, 1, 1, 1, 2, 2]);
    },
  },
  {
    category: "StatefulParDo",
    name: "is kept beside a side input",
    rule: "A function with state reads side inputs of its element's window.",
    build(root) {
      const windowed = (numbers: readonly number[], at: string) =>
        root
          .apply(at, create(numbers))
          .apply(withTimestamps((n) => n))
          .apply(windowInto(fixedWindows(10)));
      const limit = windowed([2, 13], "Limits");
      const large = windowed([1, 3, 4, 12, 15], "Numbers")
        .apply(withKeys("k"))
        .flatMap(
          ({ value }, { count, beyond }) => {
            if (value <= beyond) return [];
            count.add(1);
            return [`${value} is number ${count.read()} beyond ${beyond}`];
          },
          { count: combiningState("count", sum), beyond: singleton(limit) },
        )
        .map((text) => text.replace(/^[34] /, "3 or 4 "));
      passert(large).containsInAnyOrder([
        "3 or 4 is number 1 beyond 2",
        "3 or 4 is number 2 beyond 2",
        "15 is number 1 beyond 13",
      ]);
    },
  },
  {
    category: "StatefulParDo",
    name: "is kept of groups",
    rule: "What a grouping outputs has keys, too: each pane is an element.",
    build(root) {
      const groups = threes(root)
        .apply(windowInto(fixedWindows(10)))
        .apply(groupByKey())
        .map(
          ({ key, value }, { panes }) => {
            panes.add(1);
            return `${key}: ${[...value].sort((a, b) => a - b)} in pane ${panes.read()}`;
          },
          { panes: combiningState("panes", sum) },
        );
      passert(groups).containsInAnyOrder(["0: 0,3,6,9 in pane 1", "1: 1,4,7,10 in pane 1", "2: 2,5,8,11 in pane 1"]);
    },
  },
  refused(
    "is refused without keys",
    "State is kept by key: the input must be coded as pairs.",
    (root) =>
      // As a program has it that does not mind its types.
      (root.apply(generateSequence({ to: 3 })) as PCollection<unknown> as PCollection<KV<string, number>>).parDo(
        "Stateful",
        { process: () => {} },
        { s: valueState("s") },
      ),
    { code: "invalid-pipeline", message: /kept by key.*Stateful/s },
  ),
  refused(
    "is refused in windows that merge",
    "What was kept for two windows could not be made one.",
    (root) =>
      threes(root)
        .apply(windowInto(sessions(10)))
        .parDo("Stateful", { process: () => {} }, { s: valueState("s") }),
    { code: "invalid-pipeline", message: /which merge.*Stateful/s },
  ),
  refused(
    "is refused where two states have one name",
    "state_specs is a map: an id names one state.",
    (root) => threes(root).parDo("Stateful", { process: () => {} }, { a: valueState("s"), b: bagState("s") }),
    { code: "invalid-argument", message: /Two states are called "s".*Stateful/s },
  ),
];

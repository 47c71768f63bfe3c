import {
  coGroupByKey,
  create,
  distinct,
  fixedWindows,
  flatten,
  generateSequence,
  groupByKey,
  type KV,
  P,
  type PCollection,
  paneInfoParam,
  type Root,
  redistribute,
  reify,
  reshuffle,
  timestampParam,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

const sorted = <T>(values: Iterable<T>): T[] => [...values].sort();

/** Numbers at themselves as timestamps (ms), in windows of ten. */
function windowed(root: Root, ...numbers: number[]): PCollection<number> {
  return root
    .apply(create(numbers))
    .apply(withTimestamps((n) => n))
    .apply(windowInto(fixedWindows(10)));
}

const PAIRS: readonly KV<string, number>[] = [
  { key: "a", value: 1 },
  { key: "b", value: 2 },
  { key: "a", value: 3 },
  { key: "a", value: 1 },
];

export const GROUPING: readonly ConformanceTest[] = [
  {
    category: "GroupByKey",
    name: "gathers the values of each key",
    rule: "beam:transform:group_by_key:v1: one output for each key, with all its values, as often as they are there.",
    build(root) {
      const grouped = root.apply(create(PAIRS)).apply(groupByKey());
      passert(grouped.map(({ key, value }) => [key, sorted(value)] as const)).containsInAnyOrder([
        ["a", [1, 1, 3]],
        ["b", [2]],
      ]);
    },
  },
  {
    category: "GroupByKey",
    name: "of nothing gives nothing",
    rule: "A key without values is not there.",
    build(root) {
      passert(root.apply(create<KV<string, number>>([])).apply(groupByKey())).isEmpty();
    },
  },
  {
    category: "GroupByKey",
    name: "gives values that can be iterated again",
    rule: "The values of a group may be read any number of times.",
    build(root) {
      const twice = root
        .apply(create([1, 2, 3]))
        .apply(withKeys("all"))
        .apply(groupByKey())
        .map(({ value }) => [sorted(value), sorted(value)]);
      passert(twice).isSingleton([
        [1, 2, 3],
        [1, 2, 3],
      ]);
    },
  },
  {
    category: "GroupByKey",
    name: "compares keys by their encoding",
    rule: "Two keys are one where their encoded bytes are: objects by their contents, 0 and −0 apart.",
    build(root) {
      const keys = [{ x: [1] }, { x: [1] }, { x: [2] }, 0, -0, Number.NaN, Number.NaN, null, "1", 1];
      const counts = root
        .apply(create<unknown>(keys))
        .map((key): KV<unknown, number> => ({ key, value: 1 }))
        .apply(groupByKey())
        .map(({ key, value }) => [key, [...value].length] as const);
      passert(counts).containsInAnyOrder([
        [{ x: [1] }, 2],
        [{ x: [2] }, 1],
        [0, 1],
        [-0, 1],
        [Number.NaN, 2],
        [null, 1],
        ["1", 1],
        [1, 1],
      ]);
    },
  },
  {
    category: "GroupByKey",
    name: "groups window by window, at the end of the window",
    rule: "Values of one key in two windows are two groups; by default a group's timestamp is its window's last instant.",
    build(root) {
      const groups = windowed(root, 1, 12, 3)
        .apply(withKeys("k"))
        .apply(groupByKey())
        .apply(reify())
        .map(({ value, timestamp, window }) => `${sorted(value.value)} at ${timestamp} in ${String(window)}`);
      passert(groups).containsInAnyOrder(["1,3 at 9 in [0, 10)", "12 at 19 in [10, 20)"]);
    },
  },
  {
    category: "GroupByKey",
    name: "may take its timestamp from its elements",
    rule: "OutputTime EARLIEST_IN_PANE and LATEST_IN_PANE: the least or greatest timestamp of the group's elements.",
    build(root) {
      const timestampOf = (outputTime: "EARLIEST_IN_PANE" | "LATEST_IN_PANE") =>
        root
          .apply(create([4, 2, 7]))
          .apply(withTimestamps((n) => n))
          .apply(windowInto(fixedWindows(10), { outputTime }))
          .apply(withKeys("k"))
          .apply(groupByKey())
          .map((_, { timestamp }) => timestamp, { timestamp: timestampParam() });
      passert(timestampOf("EARLIEST_IN_PANE")).isSingleton(2);
      passert(timestampOf("LATEST_IN_PANE")).isSingleton(7);
    },
  },
  {
    category: "GroupByKey",
    name: "fires once, on time",
    rule: "The default trigger fires when the watermark passes the window's end; a bounded input has no late panes.",
    build(root) {
      const panes = windowed(root, 1, 2, 15)
        .apply(withKeys("k"))
        .apply(groupByKey())
        .map((_, { pane: { timing, isFirst, index } }) => `${timing} ${isFirst} ${index}`, { pane: paneInfoParam() });
      passert(panes).containsInAnyOrder(["ON_TIME true 0", "ON_TIME true 0"]);
    },
  },
  {
    category: "GroupByKey",
    name: "takes many values of one key",
    rule: "The values of a key need not fit into one message or bundle.",
    build(root) {
      const grouped = root
        .apply(generateSequence({ to: 20_000 }))
        .apply(withKeys("hot"))
        .apply(groupByKey());
      const sizes = grouped.map(({ value }) => {
        const seen = new Set(value);
        return [seen.size, Math.max(...seen)];
      });
      passert(sizes).isSingleton([20_000, 19_999]);
    },
  },
  {
    category: "GroupByKey",
    name: "behind a grouping",
    rule: "Groups are elements like any others and can be grouped again.",
    build(root) {
      const bySize = root
        .apply(create(["to", "be", "or", "not", "to"]))
        .apply(withKeys((word) => word))
        .apply(groupByKey())
        .map(({ key, value }): KV<number, string> => ({ key: [...value].length, value: key }))
        .apply(groupByKey())
        .map(({ key, value }) => [key, sorted(value)] as const);
      passert(bySize).containsInAnyOrder([
        [1, ["be", "not", "or"]],
        [2, ["to"]],
      ]);
    },
  },
  {
    category: "GroupByKey",
    name: "finds distinct elements, window by window",
    rule: "Elements are equal where their encodings are, and only those of one window are compared.",
    build(root) {
      const values = windowed(root, 1, 2, 11, 12)
        .map((n) => ({ odd: n % 2 === 1 }))
        .apply(distinct());
      passert(values).containsInAnyOrder([{ odd: true }, { odd: false }, { odd: true }, { odd: false }]);
    },
  },
  {
    category: "CoGroupByKey",
    name: "joins three PCollections by key",
    rule: "Each key that any input has appears once, with its values from every input; those that have none give no values.",
    build(root) {
      const names = root.apply(
        create([
          { key: 1, value: "ann" },
          { key: 2, value: "bob" },
        ]),
      );
      const mails = root.apply(
        create([
          { key: 1, value: "a@x" },
          { key: 1, value: "b@x" },
        ]),
      );
      const ages = root.apply(create([{ key: 3, value: 30 }]));
      const joined = P({ names, mails, ages })
        .apply(coGroupByKey())
        .map(({ key, value }) => [key, sorted(value.names), sorted(value.mails), sorted(value.ages)] as const);
      passert(joined).containsInAnyOrder([
        [1, ["ann"], ["a@x", "b@x"], []],
        [2, ["bob"], [], []],
        [3, [], [], [30]],
      ]);
    },
  },
  {
    category: "CoGroupByKey",
    name: "joins window by window",
    rule: "Only values of one window meet.",
    build(root) {
      const left = windowed(root, 1, 11).apply(withKeys("k"));
      const right = windowed(root, 2, 21).apply(withKeys("k"));
      const joined = P({ left, right })
        .apply(coGroupByKey())
        .map(({ value }) => [[...value.left], [...value.right]]);
      passert(joined).containsInAnyOrder([
        [[1], [2]],
        [[11], []],
        [[], [21]],
      ]);
    },
  },
  {
    category: "CoGroupByKey",
    name: "refuses inputs in different windows",
    rule: "Inputs of one grouping must have compatible windows.",
    failure: { code: "incompatible-windows", message: /"left" is in fixed windows, "right" in global/ },
    build(root) {
      const left = windowed(root, 1).apply(withKeys("k"));
      const right = root.apply(create([1])).apply(withKeys("k"));
      P({ left, right }).apply(coGroupByKey());
    },
  },
  {
    category: "Flatten",
    name: "gives the elements of all inputs",
    rule: "beam:transform:flatten:v1: the union of multisets; equal elements of two inputs stay apart.",
    build(root) {
      const all = P([root.apply(create([1, 2])), root.apply(create([2, 3])), root.apply(create<number>([]))]).apply(
        flatten(),
      );
      passert(all).containsInAnyOrder([1, 2, 2, 3]);
      const nothing = P([root.apply(create<number>([])), root.apply(create<number>([]))]).apply(flatten());
      passert(nothing).isEmpty();
    },
  },
  {
    category: "Flatten",
    name: "of a PCollection with itself doubles it",
    rule: "An input that is given twice is there twice.",
    build(root) {
      const numbers = root.apply(create([1, 2]));
      passert(P([numbers, numbers]).apply(flatten())).containsInAnyOrder([1, 1, 2, 2]);
    },
  },
  {
    category: "Flatten",
    name: "of branches that were one joins them again",
    rule: "A diamond gives each element once for each of its branches.",
    build(root) {
      const numbers = root.apply(create([1, 2, 3]));
      const grouped = numbers
        .apply(withKeys((n) => n % 2))
        .apply(groupByKey())
        .flatMap(({ value }) => value);
      const joined = P([numbers.map((n) => n * 10), numbers.filter((n) => n > 1), grouped]).apply(flatten());
      passert(joined.map((n) => n + 1)).containsInAnyOrder([11, 21, 31, 3, 4, 2, 3, 4]);
    },
  },
  {
    category: "Flatten",
    name: "keeps windows and timestamps",
    rule: "A flattened element is where and when it was.",
    build(root) {
      const places = P([windowed(root, 1), windowed(root, 12)])
        .apply(flatten())
        .apply(reify())
        .map(({ value, timestamp, window }) => `${value} at ${timestamp} in ${String(window)}`);
      passert(places).containsInAnyOrder(["1 at 1 in [0, 10)", "12 at 12 in [10, 20)"]);
    },
  },
  {
    category: "Flatten",
    name: "refuses inputs in different windows",
    rule: "Inputs of a flatten must have compatible windows.",
    failure: { code: "incompatible-windows", message: /fixed windows.*global/ },
    build(root) {
      P([windowed(root, 1), root.apply(create([1]))]).apply(flatten());
    },
  },
  ...[
    { name: "reshuffles", transform: reshuffle },
    { name: "redistributes", transform: redistribute },
  ].map(
    ({ name, transform }): ConformanceTest => ({
      category: "Reshuffle",
      name: `${name} elements without changing them`,
      rule: "Elements keep values, timestamps and windows, and stay as many as they are.",
      build(root) {
        const places = windowed(root, 1, 12, 12)
          .apply(transform<number>())
          .apply(reify())
          .map(({ value, timestamp, window }) => `${value} at ${timestamp} in ${String(window)}`);
        passert(places).containsInAnyOrder(["1 at 1 in [0, 10)", "12 at 12 in [10, 20)", "12 at 12 in [10, 20)"]);
      },
    }),
  ),
];

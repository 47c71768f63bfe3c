import {
  type CombineFn,
  combineGlobally,
  combinePerKey,
  count,
  countPerElement,
  create,
  fixedWindows,
  generateSequence,
  groupBy,
  max,
  mean,
  type PCollection,
  type Root,
  sessions,
  slidingWindows,
  sum,
  type WindowFn,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

/** Numbers at themselves as timestamps (ms). */
function windowed(root: Root, windowFn: WindowFn, ...numbers: number[]): PCollection<number> {
  return root
    .apply(create(numbers))
    .apply(withTimestamps((n) => n))
    .apply(windowInto(windowFn));
}

/** The values in order: an accumulator that shows what was lost, doubled, or shared between groups. */
const inOrder: CombineFn<number, number[], string> = {
  createAccumulator: () => [],
  addInput(values, value) {
    values.push(value);
    return values;
  },
  mergeAccumulators(accumulators) {
    const merged: number[] = [];
    for (const values of accumulators) merged.push(...values);
    return merged;
  },
  extractOutput: (values) => values.toSorted((a, b) => a - b).join(),
};

export const COMBINE: readonly ConformanceTest[] = [
  {
    category: "Combine",
    name: "globally",
    rule: "All elements of the global window make one output.",
    build(root) {
      const numbers = root.apply(create([1, 2, 3, 4]));
      passert(numbers.apply(combineGlobally(sum))).isSingleton(10);
      passert(numbers.apply(combineGlobally(mean))).isSingleton(2.5);
    },
  },
  {
    category: "Combine",
    name: "globally nothing gives the default",
    rule: "In the global window nothing combined is the output of the empty accumulator, unless it is not wanted.",
    build(root) {
      const nothing = root.apply(create<number>([]));
      passert(nothing.apply(combineGlobally(sum))).isSingleton(0);
      passert(nothing.apply(combineGlobally(count, { defaultForEmpty: false }))).isEmpty();
    },
  },
  {
    category: "Combine",
    name: "globally nothing in other windows gives nothing",
    rule: "A window without elements is not there.",
    build(root) {
      passert(windowed(root, fixedWindows(10)).apply(combineGlobally(sum))).isEmpty();
    },
  },
  {
    category: "Combine",
    name: "per key",
    rule: "beam:transform:combine_per_key:v1: the values of each key make one output.",
    build(root) {
      const pairs = root.apply(create([1, 2, 3, 4, 5])).apply(withKeys((n) => (n % 2 === 0 ? "even" : "odd")));
      passert(pairs.apply(combinePerKey(sum))).containsInAnyOrder([
        { key: "odd", value: 9 },
        { key: "even", value: 6 },
      ]);
    },
  },
  {
    category: "Combine",
    name: "in parts that are merged",
    rule: "Accumulators made apart are merged: each value counts once, whatever the bundles and however keys are divided.",
    build(root) {
      const pairs = root.apply(generateSequence({ to: 300 })).apply(withKeys((n) => n % 3));
      const expected = [0, 1, 2].map((key) => ({
        key,
        value: Array.from({ length: 100 }, (_, i) => key + 3 * i).join(),
      }));
      passert(pairs.apply(combinePerKey(inOrder))).containsInAnyOrder(expected);
      passert(pairs.apply(combinePerKey(inOrder, { fanout: 4 }))).containsInAnyOrder(expected);
      passert(pairs.apply(combinePerKey(inOrder, { fanout: (key) => key + 1 }))).containsInAnyOrder(expected);
    },
  },
  {
    category: "Combine",
    name: "globally in fixed windows",
    rule: "The elements of each window make one output, in that window.",
    build(root) {
      const sums = windowed(root, fixedWindows(10), 1, 2, 12).apply(combineGlobally(sum));
      passert(sums).perWindow((elements, window) => {
        const expected = String(window) === "[0, 10)" ? 3 : 12;
        if (elements.length !== 1 || elements[0] !== expected) throw new Error(`${elements} instead of ${expected}`);
      });
      passert(sums).containsInAnyOrder([3, 12]);
    },
  },
  {
    category: "Combine",
    name: "per key in sliding windows",
    rule: "An element counts in each of its windows.",
    build(root) {
      const sums = windowed(root, slidingWindows(10, 5), 1, 7)
        .apply(withKeys("k"))
        .apply(combinePerKey(inOrder))
        .map(({ value }) => value);
      passert(sums).containsInAnyOrder(["1", "1,7", "7"]);
    },
  },
  {
    category: "Combine",
    name: "per key in sessions, with keys divided too",
    rule: "Where windows merge, so do their accumulators.",
    build(root) {
      const pairs = windowed(root, sessions(5), 1, 4, 8, 20, 22, 40).apply(
        withKeys((n): string => (n === 40 ? "b" : "a")),
      );
      const expected = [
        { key: "a", value: "1,4,8" },
        { key: "a", value: "20,22" },
        { key: "b", value: "40" },
      ];
      passert(pairs.apply(combinePerKey(inOrder))).containsInAnyOrder(expected);
      passert(pairs.apply(combinePerKey(inOrder, { fanout: 3 }))).containsInAnyOrder(expected);
    },
  },
  {
    category: "Combine",
    name: "several parts of a row at once",
    rule: "Combine functions over parts of an element make one row for each key.",
    build(root) {
      const sales = root.apply(
        create([
          { shop: "a", price: 2 },
          { shop: "b", price: 5 },
          { shop: "a", price: 4 },
        ]),
      );
      const rows = sales.apply(groupBy("shop").combining("price", sum, "total").combining("price", max, "dearest"));
      passert(rows).containsInAnyOrder([
        { shop: "a", total: 6, dearest: 4 },
        { shop: "b", total: 5, dearest: 5 },
      ]);
    },
  },
  {
    category: "Combine",
    name: "counts each element",
    rule: "Counting is exact, whatever is tried again.",
    build(root) {
      const counts = root
        .apply(generateSequence({ to: 1_000 }))
        .map((n) => `${n % 3}`)
        .apply(countPerElement());
      passert(counts).containsInAnyOrder([
        { key: "0", value: 334 },
        { key: "1", value: 333 },
        { key: "2", value: 333 },
      ]);
    },
  },
];

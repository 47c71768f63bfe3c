import {
  asIterable,
  asList,
  asMap,
  asMultimap,
  combineGlobally,
  combinePerKey,
  create,
  fixedWindows,
  groupByKey,
  type PCollection,
  type Root,
  singleton,
  slidingWindows,
  sum,
  windowInto,
  withKeys,
  withTimestamps,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

/** Numbers at themselves as timestamps (ms). */
function timed(root: Root, ...numbers: number[]): PCollection<number> {
  return root.apply(create(numbers)).apply(withTimestamps((n) => n));
}

const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);

export const SIDE_INPUTS: readonly ConformanceTest[] = [
  {
    category: "SideInputs",
    name: "as iterable and list",
    rule: "A function sees all elements of a side input, for each of its own.",
    build(root) {
      const side = root.apply(create([3, 1, 2]));
      const seen = root
        .apply(create(["a", "b"]))
        .map((name, { list, iterable }) => [name, sorted(list), sorted(iterable)], {
          list: asList(side),
          iterable: asIterable(side),
        });
      passert(seen).containsInAnyOrder(["a", "b"].map((name) => [name, [1, 2, 3], [1, 2, 3]]));
    },
  },
  {
    category: "SideInputs",
    name: "that are empty",
    rule: "An empty side input is complete, and seen as empty.",
    build(root) {
      const nothing = root.apply(create<number>([]));
      const seen = root.apply(create(["a"])).map((name, { list, one }) => `${name} ${list.length} ${one}`, {
        list: asList(nothing),
        one: singleton(nothing, { default: 42 }),
      });
      passert(seen).isSingleton("a 0 42");
    },
  },
  {
    category: "SideInputs",
    name: "as singleton",
    rule: "A singleton side input is its one element.",
    build(root) {
      const total = root.apply(create([1, 2, 3])).apply(combineGlobally(sum));
      const shares = root.apply(create([3, 6])).map((n, { total: of }) => n / of, { total: singleton(total) });
      passert(shares).containsInAnyOrder([0.5, 1]);
    },
  },
  {
    category: "SideInputs",
    name: "as singleton of two elements fails",
    rule: "A singleton side input with more than one element is an error.",
    failure: { code: "user-exception", message: /singleton side input has 2 elements/ },
    build(root) {
      const side = root.apply(create([1, 2]));
      root.apply(create([0])).map((n, { one }) => n + one, { one: singleton(side) });
    },
  },
  {
    category: "SideInputs",
    name: "as map",
    rule: "A map side input has one value for each key.",
    build(root) {
      const prices = root.apply(
        create([
          { key: "tea", value: 2 },
          { key: "cake", value: 5 },
        ]),
      );
      const costs = root
        .apply(create(["cake", "tea", "ice"]))
        .map((what, { price }) => `${what} ${price.get(what)}`, { price: asMap(prices) });
      passert(costs).containsInAnyOrder(["cake 5", "tea 2", "ice undefined"]);
    },
  },
  {
    category: "SideInputs",
    name: "as map with a key twice fails",
    rule: "A map side input with two values for a key is an error.",
    failure: { code: "user-exception", message: /two values for the key a/ },
    build(root) {
      const side = root.apply(create([1, 2])).apply(withKeys("a"));
      root.apply(create([0])).map((n, { map }) => n + map.size, { map: asMap(side) });
    },
  },
  {
    category: "SideInputs",
    name: "as multimap",
    rule: "A multimap side input has all values of a key; keys are equal where their encodings are.",
    build(root) {
      const side = root.apply(create([1, 2, 3, 4])).apply(withKeys((n) => ({ odd: n % 2 === 1 })));
      const seen = root
        .apply(create([true, false]))
        .map((odd, { numbers }) => sorted(numbers.get({ odd }) ?? []), { numbers: asMultimap(side) });
      passert(seen).containsInAnyOrder([
        [1, 3],
        [2, 4],
      ]);
    },
  },
  {
    category: "SideInputs",
    name: "are seen window by window",
    rule: "An element sees that window of the side input which belongs to its own; in equal windows, the same.",
    build(root) {
      const side = timed(root, 1, 2, 11, 31).apply(windowInto(fixedWindows(10)));
      const seen = timed(root, 5, 15, 25)
        .apply(windowInto(fixedWindows(10)))
        .map((n, { numbers }) => [n, sorted(numbers)], { numbers: asList(side) });
      passert(seen).containsInAnyOrder([
        [5, [1, 2]],
        [15, [11]],
        [25, []],
      ]);
    },
  },
  {
    category: "SideInputs",
    name: "in the global window, seen from others",
    rule: "Every window belongs to the global window of a side input.",
    build(root) {
      const side = timed(root, 1, 2, 11);
      const seen = timed(root, 5, 15)
        .apply(windowInto(slidingWindows(10, 10)))
        .map((n, { numbers }) => [n, sorted(numbers)], { numbers: asList(side) });
      passert(seen).containsInAnyOrder([
        [5, [1, 2, 11]],
        [15, [1, 2, 11]],
      ]);
    },
  },
  {
    category: "SideInputs",
    name: "in larger and in sliding windows",
    rule: "By default a window belongs to the side input's window that holds its last instant: of sliding ones, to the first.",
    build(root) {
      const side = timed(root, 1, 4, 8, 14, 18);
      const seen = timed(root, 6)
        .apply(windowInto(fixedWindows(5)))
        .map((_, { fixed, sliding }) => [sorted(fixed), sorted(sliding)], {
          fixed: asList(side.apply(windowInto(fixedWindows(20)))),
          sliding: asList(side.apply(windowInto(slidingWindows(10, 5)))),
        });
      passert(seen).isSingleton([
        [1, 4, 8, 14, 18],
        [1, 4, 8],
      ]);
    },
  },
  {
    category: "SideInputs",
    name: "before and behind a change of windows in one chain of steps",
    rule: "Side inputs are looked up by the window that the element is in at that step.",
    build(root) {
      const side = root.apply(create([100]));
      const all = { all: asList(side) };
      const main = timed(root, 1, 12);
      passert(main.map((n, { all: [hundred] }) => n + hundred!, all)).containsInAnyOrder([101, 112]);
      const windowed = main.apply(windowInto(fixedWindows(10))).map((n, { all: [hundred] }) => n + hundred!, all);
      passert(windowed).containsInAnyOrder([101, 112]);
    },
  },
  {
    category: "SideInputs",
    name: "that are computed from the main input",
    rule: "A function is called when its side inputs are complete, wherever they come from.",
    build(root) {
      const numbers = root.apply(create([1, 2, 3, 4]));
      const sums = numbers.apply(withKeys((n) => n % 2)).apply(combinePerKey(sum));
      const groups = numbers.apply(withKeys((n) => n % 2)).apply(groupByKey());
      const seen = numbers.map((n, { sums: of, groups: all }) => `${n} of ${of.get(n % 2)}, ${all.length} groups`, {
        sums: asMap(sums),
        groups: asList(groups),
      });
      passert(seen).containsInAnyOrder([
        "1 of 4, 2 groups",
        "2 of 6, 2 groups",
        "3 of 4, 2 groups",
        "4 of 6, 2 groups",
      ]);
    },
  },
];

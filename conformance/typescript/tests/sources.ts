import { create, impulse, MIN_TIMESTAMP, reify } from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

export const SOURCES: readonly ConformanceTest[] = [
  {
    category: "Impulse",
    name: "gives one element at the beginning of time",
    rule: "beam:transform:impulse:v1 gives one empty byte string in the global window, at the least timestamp.",
    build(root) {
      const described = root
        .apply(impulse())
        .apply(reify())
        .map(({ value, timestamp, window }) => [value.length, timestamp === MIN_TIMESTAMP, String(window)]);
      passert(described).containsInAnyOrder([[0, true, "GlobalWindow"]]);
    },
  },
  {
    category: "Impulse",
    name: "gives its element to each of several readers",
    rule: "A PCollection may be read any number of times; each reader sees all of it.",
    build(root) {
      const start = root.apply(impulse());
      passert(start.map(() => "a")).isSingleton("a");
      passert(start.map(() => "b")).isSingleton("b");
      passert(root.apply(impulse()).map(() => "c")).isSingleton("c");
    },
  },
  {
    category: "Create",
    name: "gives each value as often as it was given",
    rule: "A PCollection is a multiset: equal elements stay apart.",
    build(root) {
      passert(root.apply(create([3, 1, 3, 2, 3]))).containsInAnyOrder([1, 2, 3, 3, 3]);
    },
  },
  {
    category: "Create",
    name: "of nothing is empty",
    rule: "A PCollection may have no elements, and is complete all the same.",
    build(root) {
      passert(root.apply(create<number>([]))).isEmpty();
    },
  },
  {
    category: "Create",
    name: "keeps values of any kind",
    rule: "An element that is encoded and decoded is the same element.",
    build(root) {
      const values = [
        null,
        undefined,
        true,
        -0,
        Number.NaN,
        1.5,
        2n ** 70n,
        "é\u{1f600}",
        [1, [2]],
        { a: { b: [null] } },
      ];
      passert(root.apply(create<unknown>(values))).containsInAnyOrder(values);
    },
  },
];

import {
  boundedTrie,
  counter,
  create,
  type DoFn,
  distribution,
  gauge,
  generateSequence,
  impulse,
  named,
  type OffsetRange,
  type PCollection,
  resume,
  type SplittableDoFn,
  splittable,
  stringSet,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

/** Doubles, in two steps of its own. */
const twice = named("Twice", (input: PCollection<number>) => {
  const seen = { seen: counter("seen") };
  return input
    .map(
      "Once",
      (n, { seen: counted }) => {
        counted.inc();
        return n + n;
      },
      seen,
    )
    .map("Again", (n) => n);
});

/** The numbers of a range, divided into parts of ten to begin with; gives up after every third claim. */
const hesitant: SplittableDoFn<Uint8Array, number> = {
  initialRestriction: () => ({ from: 0, to: 45 }),
  *split(_, { from, to }: OffsetRange) {
    for (let start = from; start < to; start += 10) yield { from: start, to: Math.min(to, start + 10) };
  },
  process(_, tracker, output) {
    let claims = 0;
    for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
      output(i);
      if (++claims === 3) return resume();
    }
  },
};

class FailingSetup implements DoFn<number, number> {
  setup(): Promise<void> {
    return Promise.reject(new Error("no connection"));
  }
  process(n: number): number[] {
    return [n];
  }
}

class FailingFinish implements DoFn<number, number> {
  process(): void {}
  finishBundle(): never {
    throw new RangeError("flush failed");
  }
}

export const RUNNING: readonly ConformanceTest[] = [
  {
    category: "Metrics",
    name: "count",
    rule: "A counter is the sum over all committed bundles; what is tried again counts once.",
    metrics: [
      { step: "Count", name: "all", kind: "counter", result: 100 },
      { step: "Count", name: "balance", kind: "counter", result: -50 },
    ],
    build(root) {
      const counted = root.apply(create(HUNDRED)).map(
        "Count",
        (n, { all, balance }) => {
          all.inc();
          balance.dec(n % 2);
          return n;
        },
        { all: counter("all"), balance: counter("balance") },
      );
      passert(counted).containsInAnyOrder(HUNDRED);
    },
  },
  {
    category: "Metrics",
    name: "distribute",
    rule: "A distribution has count, sum, least and greatest of all updates.",
    metrics: [
      { step: "Measure", name: "size", kind: "distribution", result: { count: 100, sum: 4950, min: 0, max: 99 } },
    ],
    build(root) {
      const size = distribution("size");
      root.apply(create(HUNDRED)).map("Measure", (n, { size: of }) => of.update(n), { size });
    },
  },
  {
    category: "Metrics",
    name: "gauge",
    rule: "A gauge has the latest value.",
    metrics: [{ step: "Gauge", name: "level", kind: "gauge", result: 7 }],
    build(root) {
      root.apply(impulse()).map(
        "Gauge",
        (_, { level }) => {
          level.set(3);
          level.set(7);
        },
        { level: gauge("level") },
      );
    },
  },
  {
    category: "Metrics",
    name: "gather strings and paths",
    rule: "A string set has each string once; a bounded trie has each path once.",
    metrics: [
      { step: "Gather", name: "digits", kind: "string-set", result: ["0", "1", "2"] },
      { step: "Gather", name: "paths", kind: "bounded-trie", result: ["a/0", "a/1", "a/2"] },
    ],
    build(root) {
      root.apply(create(HUNDRED)).map(
        "Gather",
        (n, { digits, paths }) => {
          digits.add(`${n % 3}`);
          paths.add("a", `${n % 3}`);
        },
        { digits: stringSet("digits"), paths: boundedTrie("paths") },
      );
    },
  },
  {
    category: "Metrics",
    name: "belong to their step",
    rule: "Metrics of one name in two steps are two metrics.",
    metrics: [
      { step: "First", name: "seen", kind: "counter", result: 100 },
      { step: "Second", name: "seen", kind: "counter", result: 50 },
    ],
    build(root) {
      const seen = { seen: counter("seen") };
      const count = (n: number, context: { readonly seen: { inc(): void } }) => {
        context.seen.inc();
        return n;
      };
      const first = root.apply(create(HUNDRED)).map("First", count, seen);
      passert(first.filter((n) => n < 50).map("Second", count, seen)).containsInAnyOrder(HUNDRED.slice(0, 50));
    },
  },
  {
    category: "Composite",
    name: "is its parts, under its name",
    rule: "A composite transform changes nothing; its steps are named below it.",
    metrics: [{ step: "Twice/Once", name: "seen", kind: "counter", result: 3 }],
    build(root) {
      passert(root.apply(create([1, 2, 3])).apply(twice)).containsInAnyOrder([2, 4, 6]);
    },
  },
  {
    category: "Composite",
    name: "can be applied twice",
    rule: "Each application is a transform of its own.",
    metrics: [
      { step: "Twice/Once", name: "seen", kind: "counter", result: 1 },
      { step: "Twice_2/Once", name: "seen", kind: "counter", result: 1 },
    ],
    build(root) {
      passert(
        root
          .apply(create([1]))
          .apply(twice)
          .apply(twice),
      ).isSingleton(4);
    },
  },
  {
    category: "Composite",
    name: "may do nothing",
    rule: "A composite may give back its input.",
    build(root) {
      const nothing = named("Nothing", (input: PCollection<number>) => input);
      passert(root.apply(create([1])).apply(nothing)).isSingleton(1);
    },
  },
  {
    category: "Composite",
    name: "refuses one name for two",
    rule: "Names that the author gives are unique among siblings.",
    failure: { code: "duplicate-name", message: /"Same"/ },
    build(root) {
      root.apply("Same", create([1]));
      root.apply("Same", create([2]));
    },
  },
  {
    category: "FailureMessage",
    name: "of a function names step, element and cause",
    rule: "A job whose function fails, fails with what the function threw and with the step's name.",
    failure: { code: "user-exception", message: /TypeError: too sour.*Outer\/Taste.*Element: 'lemon'/ },
    build(root) {
      const outer = named("Outer", (input: PCollection<string>) =>
        input.map("Taste", (fruit) => {
          if (fruit === "lemon") throw new TypeError("too sour");
          return fruit;
        }),
      );
      root.apply(create(["pear", "lemon"])).apply(outer);
    },
  },
  {
    category: "FailureMessage",
    name: "of a promise that rejects",
    rule: "A rejected promise fails the job as an exception does.",
    failure: { code: "user-exception", message: /later.*Ask/ },
    build(root) {
      root.apply(create([1])).map("Ask", async () => {
        await null;
        throw new Error("later");
      });
    },
  },
  {
    category: "FailureMessage",
    name: "of a set-up",
    rule: "A DoFn that cannot be set up fails the job.",
    failure: { code: "user-exception", message: /no connection.*Connect/ },
    build(root) {
      root.apply(create([1])).parDo("Connect", new FailingSetup());
    },
  },
  {
    category: "FailureMessage",
    name: "of the end of a bundle",
    rule: "A bundle that cannot be finished fails the job.",
    failure: { code: "user-exception", message: /RangeError: flush failed.*Flush/ },
    build(root) {
      root.apply(create([1])).parDo("Flush", new FailingFinish());
    },
  },
  {
    category: "FailureMessage",
    name: "of an assertion",
    rule: "An assertion that does not hold fails the job.",
    failure: { code: "assertion", message: /does not contain what is expected/ },
    build(root) {
      passert(root.apply(create([1, 2]))).containsInAnyOrder([1, 3]);
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "works off a range in bundles",
    rule: "Each position of a restriction is claimed once, wherever bundles end.",
    build(root) {
      passert(root.apply(generateSequence({ from: -5, to: 295 }))).containsInAnyOrder(
        Array.from({ length: 300 }, (_, i) => i - 5),
      );
      passert(root.apply(generateSequence({ from: 3, to: 3 }))).isEmpty();
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "divides its restriction and resumes",
    rule: "Initial parts are disjoint and complete; what a call leaves undone is done by a later one.",
    build(root) {
      const numbers = root.apply(impulse()).apply(splittable("Hesitant", hesitant));
      passert(numbers).containsInAnyOrder(Array.from({ length: 45 }, (_, i) => i));
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "for several elements",
    rule: "Each element has a restriction of its own.",
    build(root) {
      const stars: SplittableDoFn<string, string> = {
        initialRestriction: (word) => ({ from: 0, to: word.length }),
        process(word, tracker, output) {
          for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(word.charAt(i));
        },
      };
      const letters = root.apply(create(["ab", "", "cba"])).apply(splittable("Letters", stars));
      passert(letters).containsInAnyOrder(["a", "b", "c", "b", "a"]);
    },
  },
];

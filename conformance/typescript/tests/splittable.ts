import {
  asList,
  assignTimestamps,
  type Counter,
  counter,
  countGlobally,
  create,
  fixedWindows,
  flatten,
  GirderError,
  globalWindows,
  groupByKey,
  IntervalWindow,
  impulse,
  type ManualWatermark,
  manualWatermark,
  monotonicWatermark,
  type OffsetRange,
  P,
  type PCollection,
  type RestrictionTracker,
  type Root,
  resume,
  type SplittableDoFn,
  slidingWindows,
  splittable,
  stop,
  timestamped,
  timestampParam,
  type WatermarkEstimator,
  wallTimeWatermark,
  windowInto,
  windowParam,
  withKeys,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest, ExpectedFailure } from "../conformance-test.js";

type Numbers<W = unknown> = SplittableDoFn<Uint8Array, number, OffsetRange, number, W>;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A splittable DoFn over the numbers from 0 to 20. */
function twenty<W>(process: Numbers<W>["process"], more: Partial<Numbers<W>> = {}): Numbers<W> {
  return { initialRestriction: () => ({ from: 0, to: 20 }), process, ...more };
}

const applied = <O, R, P, W>(root: Root, doFn: SplittableDoFn<Uint8Array, O, R, P, W>): PCollection<O> =>
  root.apply(impulse()).apply(splittable("Numbers", doFn));

/** A test that a DoFn outputs the numbers from 0 to 20, each once. */
const eachOnce = (
  category: ConformanceTest["category"],
  name: string,
  rule: string,
  doFn: Numbers<never>,
): ConformanceTest => ({
  category,
  name,
  rule,
  build(root) {
    passert(applied(root, doFn)).containsInAnyOrder(range(0, 20));
  },
});

const failing = (name: string, rule: string, failure: ExpectedFailure, doFn: Numbers<never>): ConformanceTest => ({
  category: "BoundedSplittableParDo",
  name,
  rule,
  failure,
  build(root) {
    applied(root, doFn);
  },
});

/** Restrictions are what is left of a text, from its end; claims are of letters. */
class Letters implements RestrictionTracker<string, string> {
  #begin: string;
  #rest: string;

  constructor(text: string) {
    this.#begin = text;
    this.#rest = text;
  }

  tryClaim(letter: string): boolean {
    if (this.#rest === "") return false;
    if (!this.#rest.endsWith(letter)) throw new GirderError("internal", `${letter} is not next`);
    this.#rest = this.#rest.slice(0, -1);
    return true;
  }

  currentRestriction(): string {
    return this.#begin;
  }

  trySplit(fraction: number) {
    const residual = this.#rest.slice(0, Math.floor(this.#rest.length * (1 - fraction)));
    if (residual === "") return undefined;
    this.#begin = this.#begin.slice(residual.length);
    this.#rest = this.#rest.slice(residual.length);
    return { primary: this.#begin, residual };
  }

  progress() {
    return { completed: this.#begin.length - this.#rest.length, remaining: this.#rest.length };
  }

  checkDone(): void {
    if (this.#rest !== "") throw new GirderError("internal", `${this.#rest} is left`);
  }
}

const letters: SplittableDoFn<string, string, string, string> = {
  initialRestriction: (text) => text,
  newTracker: (_, text) => new Letters(text),
  process(_, tracker, output) {
    for (const letter of [...tracker.currentRestriction()].reverse()) {
      if (!tracker.tryClaim(letter)) return;
      output(letter);
    }
  },
};

export const BOUNDED_SPLITTABLE: readonly ConformanceTest[] = [
  eachOnce(
    "BoundedSplittableParDo",
    "outputs by a generator",
    "What process yields is output; what it returns at the end says whether it goes on.",
    twenty(function* (_, tracker) {
      for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
        yield i;
        if (i % 6 === 5) return resume();
      }
      return stop();
    }),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "outputs by an async generator",
    "process may be asynchronous; bundles end between its claims all the same.",
    twenty(async function* (_, tracker) {
      for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
        await null;
        yield i;
      }
    }),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "outputs by a promise",
    "process may be an async function that outputs as it goes.",
    twenty(async (_, tracker, output) => {
      for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
        await null;
        output(i);
      }
    }),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "goes on after each checkpoint of its own",
    "resume() leaves what was not claimed to a later call, without a loss.",
    twenty((_, tracker, output) => {
      const next = tracker.currentRestriction().from;
      if (!tracker.tryClaim(next)) return stop();
      output(next);
      return resume();
    }),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "is divided before anything is processed",
    "The parts of split are disjoint and complete, and may have to be awaited.",
    twenty(
      (_, tracker, output) => {
        for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(i);
      },
      {
        async *split(_, { from, to }) {
          for (let start = from; start < to; start += 3) yield { from: start, to: Math.min(to, start + 3) };
        },
      },
    ),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "processes parts of any size",
    "Sizes are estimates in any unit: they decide nothing about what is processed.",
    twenty(
      (_, tracker, output) => {
        for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(i);
      },
      {
        size: (_, { from }) => (from === 0 ? 0 : from * 1e9),
        split: (_, { to }) => [
          { from: 0, to: 7 },
          { from: 7, to: 7 },
          { from: 7, to },
        ],
      },
    ),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "is done by others where its bundle's time is over",
    "A bundle may end before the restriction does; what was not claimed is a restriction of a later one.",
    twenty((_, tracker, output) => {
      for (let i = tracker.currentRestriction().from; tracker.tryClaim(i, 1000); i++) {
        for (const end = Date.now() + 4; Date.now() < end; );
        output(i);
      }
    }),
  ),
  eachOnce(
    "BoundedSplittableParDo",
    "ends early by a claim beyond its range",
    "A restriction is done when all of it was claimed, or a claim beyond it was tried.",
    twenty(
      (_, tracker, output) => {
        let i = tracker.currentRestriction().from;
        for (; i < 20 && tracker.tryClaim(i); i++) output(i);
        if (i === 20) tracker.tryClaim(Number.POSITIVE_INFINITY, 0);
      },
      { initialRestriction: () => ({ from: 0, to: 1000 }) },
    ),
  ),
  {
    category: "BoundedSplittableParDo",
    name: "has restrictions and trackers of its author",
    rule: "A tracker decides what a claim is and how its restriction is split; the runner only asks it to.",
    build(root) {
      const all = root.apply(create(["split", "", "table"])).apply(splittable("Letters", letters));
      passert(all).containsInAnyOrder([..."splittable"]);
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "is resumed when it wants to be",
    rule: "A restriction that is resumed with a delay is left alone for that time.",
    build(root) {
      const times = applied(
        root,
        twenty(
          (_, tracker, output) => {
            const next = tracker.currentRestriction().from;
            if (!tracker.tryClaim(next)) return stop();
            output(performance.timeOrigin + performance.now());
            return resume({ delay: 20 });
          },
          { initialRestriction: () => ({ from: 0, to: 4 }) },
        ),
      );
      passert(times).satisfies((elements) => {
        const sorted = [...elements].sort((a, b) => a - b);
        const waits = sorted.slice(1).map((time, i) => time - sorted[i]!);
        // Clocks and timers differ by a millisecond or two.
        if (waits.length !== 3 || waits.some((wait) => wait < 18)) throw new Error(`waited for ${waits}`);
      });
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "gives its outputs timestamps",
    rule: "An output has the timestamp that it is given, else that of the element.",
    build(root) {
      const stamped = root
        .apply(create([100]))
        .apply(assignTimestamps((n) => n))
        .apply(
          splittable<number, string>("Stamp", {
            initialRestriction: () => ({ from: 0, to: 3 }),
            *process(_, tracker, output) {
              for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
                output(`called ${i}`, 200 + i);
                yield timestamped(`yielded ${i}`, 300 + i);
                yield `plain ${i}`;
              }
            },
          }),
        )
        .map((what, { at }) => `${what} at ${at}`, { at: timestampParam() });
      const expected = [0, 1, 2].flatMap((i) => [
        `called ${i} at ${200 + i}`,
        `yielded ${i} at ${300 + i}`,
        `plain ${i} at 100`,
      ]);
      passert(stamped).containsInAnyOrder(expected);
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "puts its outputs into the windows of its element",
    rule: "Windows are the element's until they are assigned anew, by the outputs' timestamps.",
    build(root) {
      const windowed = root
        .apply(create([5]))
        .apply(assignTimestamps((n) => n))
        .apply(windowInto(fixedWindows(10)))
        .apply(
          splittable<number, number>("Stamp", {
            initialRestriction: () => ({ from: 0, to: 3 }),
            process(_, tracker, output) {
              for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(i, 5 + i * 10);
            },
          }),
        );
      passert(windowed).inWindow(new IntervalWindow(0, 10)).containsInAnyOrder([0, 1, 2]);
      passert(windowed.apply(windowInto(fixedWindows(10))))
        .inWindow(new IntervalWindow(10, 20))
        .containsInAnyOrder([1]);
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "is processed once for each window that it looks at",
    rule: "A DoFn that observes windows sees an element once for each of its windows, each with the whole restriction.",
    build(root) {
      const seen = root
        .apply(create([7]))
        .apply(assignTimestamps((n) => n))
        .apply(windowInto(slidingWindows(10, 5)))
        .apply(
          splittable(
            "Look",
            {
              initialRestriction: () => ({ from: 0, to: 2 }),
              process(_: number, tracker: RestrictionTracker<OffsetRange, number>, output: (s: string) => void, { w }) {
                for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(`${i} in ${w}`);
              },
            } satisfies SplittableDoFn<
              number,
              string,
              OffsetRange,
              number,
              unknown,
              { w: ReturnType<typeof windowParam> }
            >,
            { w: windowParam() },
          ),
        );
      passert(seen.apply(windowInto(globalWindows()))).containsInAnyOrder([
        "0 in [0, 10)",
        "1 in [0, 10)",
        "0 in [5, 15)",
        "1 in [5, 15)",
      ]);
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "counts what it claims once",
    rule: "Metrics of process are those of its step; what is tried again counts once.",
    metrics: [{ step: "Count", name: "claims", kind: "counter", result: 60 }],
    build(root) {
      const doFn: SplittableDoFn<number, number, OffsetRange, number, unknown, { claims: ReturnType<typeof counter> }> =
        {
          initialRestriction: () => ({ from: 0, to: 20 }),
          process(_, tracker, output, { claims }) {
            for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
              (claims as Counter).inc();
              output(i);
            }
          },
        };
      root.apply(create([1, 2, 3])).apply(splittable("Count", doFn, { claims: counter("claims") }));
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "reads side inputs",
    rule: "process sees its side inputs as those of any other ParDo.",
    build(root) {
      const words = root.apply("Words", create(["a", "b", "c"]));
      const doFn: SplittableDoFn<
        Uint8Array,
        string,
        OffsetRange,
        number,
        unknown,
        { all: ReturnType<typeof asList<string>> }
      > = {
        initialRestriction: () => ({ from: 0, to: 3 }),
        process(_, tracker, output, { all }) {
          const sorted = [...all].sort();
          for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(`${i}${sorted[i]}`);
        },
      };
      const looked = root.apply(impulse()).apply(splittable("Look", doFn, { all: asList(words) }));
      passert(looked).containsInAnyOrder(["0a", "1b", "2c"]);
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "is set up before it processes",
    rule: "setup is called before process, startBundle before each bundle.",
    build(root) {
      let connection = "none";
      let bundle = "none";
      const doFn = twenty<unknown>(
        (_, tracker, output) => {
          for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) {
            output(connection === "open" && bundle === "begun" ? 1 : 0);
          }
        },
        {
          setup: async () => {
            connection = "open";
          },
          startBundle: () => {
            bundle = "begun";
          },
        },
      );
      passert(applied(root, doFn)).containsInAnyOrder(range(0, 20).map(() => 1));
    },
  },
  {
    category: "BoundedSplittableParDo",
    name: "is grouped when all of it is done",
    rule: "The output of bounded restrictions of a bounded input is bounded: it ends, and so do its windows.",
    build(root) {
      const numbers = applied(
        root,
        twenty((_, tracker, output) => {
          const next = tracker.currentRestriction().from;
          if (!tracker.tryClaim(next)) return stop();
          output(next);
          return resume({ delay: 1 });
        }),
      );
      const groups = numbers
        .apply(withKeys((n) => n % 2))
        .apply(groupByKey())
        .map(({ key, value }) => `${key}: ${[...value].length}`);
      passert(groups).containsInAnyOrder(["0: 10", "1: 10"]);
    },
  },
  failing(
    "claims each position once",
    "A position that was claimed already, or comes before one that was, is an error.",
    { code: "user-exception", message: /Position 3 was claimed after 5.*Numbers/ },
    twenty((_, tracker) => {
      for (const position of [1, 5, 3]) tracker.tryClaim(position);
    }),
  ),
  failing(
    "must be done when process returns",
    "process that neither finishes its restriction nor resumes it would lose data: it is an error.",
    { code: "user-exception", message: /process returned before its range from 0 to 20 was done.*Numbers/ },
    twenty((_, tracker) => {
      tracker.tryClaim(4);
    }),
  ),
  failing(
    "without a tracker is refused",
    "A restriction that is no range of offsets needs a tracker of its author.",
    { code: "user-exception", message: /There is no tracker for the restriction 'everything'.*Numbers/ },
    twenty(() => {}, { initialRestriction: () => "everything" as never }),
  ),
  failing(
    "must come to an end",
    "A DoFn is declared bounded or unbounded; a restriction without end contradicts the first.",
    { code: "user-exception", message: /never ends, but the DoFn is not declared unbounded.*Numbers/ },
    twenty(() => {}, { initialRestriction: () => ({ from: 0, to: Number.POSITIVE_INFINITY }) }),
  ),
];

/** Numbers that come one by one, each with ten times itself as timestamp, `delay` ms after each other. */
function oneByOne<W extends WatermarkEstimator>(
  watermark: Numbers<W>["watermark"],
  advance: (estimator: W, next: number) => void,
  delay = 1,
): Numbers<W> {
  return twenty<W>(
    (_, tracker, output, { watermark: estimator }) => {
      const next = tracker.currentRestriction().from;
      if (!tracker.tryClaim(next)) return stop();
      output(next, next * 10);
      advance(estimator, next + 1);
      return resume({ delay });
    },
    { bounded: false, ...(watermark === undefined ? {} : { watermark }) },
  );
}

/** How many of the numbers there are in each window of 40 ms. */
function counts(numbers: PCollection<number>): PCollection<string> {
  return numbers
    .apply(windowInto(fixedWindows(40)))
    .apply(countGlobally())
    .map((count, { window }) => `${count} in ${window}`, { window: windowParam() })
    .apply(windowInto(globalWindows()));
}

const FIVE_WINDOWS = range(0, 5).map((i) => `4 in [${i * 40}, ${i * 40 + 40})`);

const counted = <W extends WatermarkEstimator>(name: string, rule: string, doFn: Numbers<W>): ConformanceTest => ({
  category: "UnboundedSplittableParDo",
  name,
  rule,
  build(root) {
    passert(counts(applied(root, doFn))).containsInAnyOrder(FIVE_WINDOWS);
  },
});

/** An estimator of an author's: twice what its state says. */
class Twice implements WatermarkEstimator<{ half: number }> {
  constructor(public half: number) {}
  current(): number {
    return this.half * 2;
  }
  state(): { half: number } {
    return { half: this.half };
  }
}

export const UNBOUNDED_SPLITTABLE: readonly ConformanceTest[] = [
  eachOnce(
    "UnboundedSplittableParDo",
    "that ends after all is complete",
    "The output of an unbounded DoFn ends when all work on its elements has ended.",
    twenty(
      (_, tracker, output) => {
        const next = tracker.currentRestriction().from;
        if (next === 20) {
          tracker.tryClaim(Number.POSITIVE_INFINITY, 0);
          return stop();
        }
        if (!tracker.tryClaim(next)) return stop();
        output(next);
        return resume();
      },
      { bounded: false, initialRestriction: () => ({ from: 0, to: Number.POSITIVE_INFINITY }) },
    ) as Numbers<never>,
  ),
  counted(
    "with a manual watermark",
    "What is not behind the watermark is not late, wherever bundles end.",
    oneByOne<ManualWatermark>(manualWatermark(), (watermark, next) => watermark.set(next * 10)),
  ),
  counted(
    "with a watermark by timestamps",
    "A monotonic estimator is at the latest timestamp that was output: ascending ones are not late.",
    oneByOne(monotonicWatermark(), () => {}),
  ),
  counted(
    "with an estimator of its author",
    "The state of an estimator is kept beside the restriction; whoever goes on with one goes on with the other.",
    oneByOne<Twice>(
      { initialState: () => ({ half: 0 }), create: ((state: { half: number }) => new Twice(state.half)) as never },
      (watermark, next) => {
        if (watermark.half !== (next - 1) * 5) throw new Error(`the state was ${watermark.half} before ${next}`);
        watermark.half = next * 5;
      },
    ),
  ),
  counted(
    "without a watermark",
    "Without an estimator the watermark waits at the element's timestamp: nothing is late.",
    oneByOne<never>(undefined, () => {}),
  ),
  {
    category: "UnboundedSplittableParDo",
    name: "with a watermark by the clock",
    rule: "A wall time estimator is where the clock is: what is output with its time as timestamp is not late.",
    build(root) {
      const numbers = applied(
        root,
        twenty(
          (_, tracker, output, { watermark }) => {
            const next = tracker.currentRestriction().from;
            if (!tracker.tryClaim(next)) return stop();
            output(next, Math.max(Date.now(), watermark.current()));
            return resume({ delay: 1 });
          },
          { bounded: false, watermark: wallTimeWatermark() },
        ),
      );
      const perWindow = numbers.apply(windowInto(fixedWindows(5))).apply(countGlobally());
      passert(perWindow.apply(windowInto(globalWindows()))).satisfies((elements) => {
        const all = elements.reduce((sum, count) => sum + count, 0);
        if (all !== 20) throw new Error(`${all} of 20 were counted`);
      });
    },
  },
  {
    category: "UnboundedSplittableParDo",
    name: "closes windows before it ends",
    rule: "The watermark of what is left of a restriction moves event time on, and windows behind it are emitted.",
    build(root) {
      const numbers = applied(
        root,
        oneByOne<ManualWatermark>(manualWatermark(), (watermark, next) => watermark.set(next * 10), 10),
      ).map((n) => ({ what: `number ${n}`, at: performance.timeOrigin + performance.now() }));
      const windows = numbers
        .apply(windowInto(fixedWindows(40)))
        .apply(withKeys("k"))
        .apply(groupByKey())
        .map(
          (_, { window }) => ({
            what: `window ${(window as IntervalWindow).start}`,
            at: performance.timeOrigin + performance.now(),
          }),
          { window: windowParam() },
        );
      const all = P([
        numbers.apply("A", windowInto(globalWindows())),
        windows.apply("B", windowInto(globalWindows())),
      ]).apply(flatten());
      passert(all).satisfies((elements) => {
        const when = (what: string): number => elements.find((element) => element.what === what)!.at;
        if (!(when("window 0") < when("number 19"))) throw new Error("the first window came after the last number");
      });
    },
  },
  {
    category: "UnboundedSplittableParDo",
    name: "is as far as the part that is least far",
    rule: "The watermark of several restrictions is the earliest of theirs.",
    build(root) {
      const parts: SplittableDoFn<number, number, OffsetRange, number, ManualWatermark> = {
        bounded: false,
        watermark: manualWatermark(),
        initialRestriction: () => ({ from: 0, to: 5 }),
        process(step, tracker, output, { watermark }) {
          const next = tracker.currentRestriction().from;
          if (!tracker.tryClaim(next)) return stop();
          output(next, next * step);
          watermark.set((next + 1) * step);
          // The one that is far behind comes later, too.
          return resume({ delay: step === 8 ? 8 : 1 });
        },
      };
      const numbers = root.apply(create([8, 100])).apply(splittable("Parts", parts));
      passert(counts(numbers)).containsInAnyOrder([
        "6 in [0, 40)",
        "1 in [80, 120)",
        "1 in [200, 240)",
        "1 in [280, 320)",
        "1 in [400, 440)",
      ]);
    },
  },
  {
    category: "UnboundedSplittableParDo",
    name: "before one that ends",
    rule: "What is read of an unbounded input is unbounded, and complete all the same.",
    build(root) {
      const files = applied(
        root,
        oneByOne<ManualWatermark>(manualWatermark(), (watermark, next) => watermark.set(next * 10)),
      );
      const lines = files.apply(
        splittable<number, number>("Lines", {
          initialRestriction: (n) => ({ from: 0, to: n % 3 }),
          process(_, tracker, output) {
            for (let i = tracker.currentRestriction().from; tracker.tryClaim(i); i++) output(i);
          },
        }),
      );
      passert(lines.apply(windowInto(globalWindows()))).satisfies((elements) => {
        if (elements.length !== 19) throw new Error(`${elements.length} lines of 19`);
      });
    },
  },
  {
    category: "UnboundedSplittableParDo",
    name: "may not set its watermark back",
    rule: "What was promised about event time holds: a manual watermark that goes back is an error.",
    failure: { code: "user-exception", message: /The watermark goes back from 50 to 40.*Numbers/ },
    build(root) {
      applied(
        root,
        oneByOne<ManualWatermark>(manualWatermark(), (watermark, next) => watermark.set(next === 6 ? 40 : next * 10)),
      );
    },
  },
];

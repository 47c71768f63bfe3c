import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { VARINT_CODER } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { MIN_TIMESTAMP } from "../../portability/execution/time.js";
import { IntervalWindow } from "../../portability/execution/window.js";
import { timestampParam, windowParam } from "../pipeline/context.js";
import { counter } from "../pipeline/metrics.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect, type TestPipelineOptions, testPipeline } from "../testing/index.js";
import { countGlobally } from "../transforms/count.js";
import { create } from "../transforms/create.js";
import { impulse } from "../transforms/impulse.js";
import { reify } from "../transforms/reify.js";
import { asList } from "../transforms/side-inputs.js";
import { splittable } from "../transforms/splittable.js";
import { fixedWindows, slidingWindows } from "../windowing/window-fns.js";
import { assignTimestamps, windowInto } from "../windowing/window-into.js";
import type { OffsetRange } from "./offset-range-tracker.js";
import { resume, stop } from "./process-continuation.js";
import type { RestrictionTracker } from "./restriction-tracker.js";
import type { SplittableDoFn } from "./splittable-do-fn.js";
import { timestamped } from "./timestamped-value.js";
import { type ManualWatermark, manualWatermark, monotonicWatermark } from "./watermark-estimator.js";

const UNFRIENDLY: TestPipelineOptions = { failBundles: 0.3, splitBundles: 0.5, restoreAlways: true, seed: 5 };
const TWENTY = Array.from({ length: 20 }, (_, i) => i);
const from = (tracker: RestrictionTracker<OffsetRange, number>): number => tracker.currentRestriction().from;

/** A splittable DoFn over twenty numbers with this `process`. */
function twenty<W>(
  process: SplittableDoFn<Uint8Array, number, OffsetRange, number, W>["process"],
  more: Partial<SplittableDoFn<Uint8Array, number, OffsetRange, number, W>> = {},
): SplittableDoFn<Uint8Array, number, OffsetRange, number, W> {
  return { initialRestriction: () => ({ from: 0, to: 20 }), process, ...more };
}

/** What the DoFn outputs for one element, in order of timestamp and value. */
async function outputsOf<O, R, P, W>(
  doFn: SplittableDoFn<Uint8Array, O, R, P, W>,
  options: TestPipelineOptions = {},
): Promise<{ value: O; timestamp: number }[]> {
  let collected: { elements: readonly { value: O; timestamp: number }[] } | undefined;
  await testPipeline((root) => {
    const source = root.apply(impulse()).apply(splittable("Source", doFn));
    collected = collect(source.map((value, { timestamp }) => ({ value, timestamp }), { timestamp: timestampParam() }));
  }, options);
  return [...collected!.elements].sort((a, b) => a.timestamp - b.timestamp || (a.value < b.value ? -1 : 1));
}

async function failureOf<O, R, P, W>(doFn: SplittableDoFn<Uint8Array, O, R, P, W>): Promise<GirderError> {
  const pipeline = new Pipeline();
  pipeline.root.apply(impulse()).apply(splittable("Source", doFn));
  try {
    await runEmbedded(pipeline);
  } catch (thrown) {
    assert.ok(thrown instanceof GirderError, String(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: "the pipeline ran" });
}

type Process = SplittableDoFn<Uint8Array, number>["process"];

const FORMS: Readonly<Record<string, Process>> = {
  "by calling output": (_, tracker, output) => {
    for (let i = from(tracker); tracker.tryClaim(i); i++) output(i, i * 10);
  },
  "in an array": (_, tracker) => {
    const outputs = [];
    for (let i = from(tracker); tracker.tryClaim(i); i++) outputs.push(timestamped(i, i * 10));
    return outputs;
  },
  "by a generator that resumes": function* (_, tracker) {
    for (let i = from(tracker); tracker.tryClaim(i); i++) {
      yield timestamped(i, i * 10);
      if (i % 7 === 6) return resume();
    }
    return stop();
  },
  "by an async function": async (_, tracker, output) => {
    for (let i = from(tracker); tracker.tryClaim(i); i++) {
      await null;
      output(i, i * 10);
      if (i % 7 === 6) return resume({ delay: 1 });
    }
    return stop();
  },
  "by an async generator": async function* (_, tracker) {
    for (let i = from(tracker); tracker.tryClaim(i); i++) {
      await null;
      yield timestamped(i, i * 10);
      if (i % 7 === 6) return resume();
    }
    return stop();
  },
  "in a promise of a generator": async (_, tracker) =>
    (function* () {
      for (let i = from(tracker); tracker.tryClaim(i); i++) yield timestamped(i, i * 10);
    })(),
};

/** Letters of a word, from the end to the beginning: a restriction is what is still to be done. */
class Backwards implements RestrictionTracker<string, string> {
  #done = "";
  #rest: string;

  constructor(word: string) {
    this.#rest = word;
  }

  tryClaim(letter: string): boolean {
    if (this.#rest === "") return false;
    assert.equal(letter, this.#rest.at(-1));
    this.#rest = this.#rest.slice(0, -1);
    this.#done = letter + this.#done;
    return true;
  }

  currentRestriction(): string {
    return this.#rest + this.#done;
  }

  trySplit() {
    if (this.#rest === "") return undefined;
    const residual = this.#rest;
    this.#rest = "";
    return { primary: this.#done, residual };
  }

  checkDone(): void {
    if (this.#rest !== "") throw new Error(`${this.#rest} is left`);
  }
}

const spell: SplittableDoFn<string, string, string, string> = {
  initialRestriction: async (word) => word,
  async *split(_, word) {
    yield word.slice(0, 3);
    if (word.length > 3) yield word.slice(3);
  },
  size: (_, word) => word.length,
  newTracker: (_, word) => new Backwards(word),
  process(_, tracker, output) {
    for (const letter of tracker.currentRestriction().split("").reverse()) {
      if (!tracker.tryClaim(letter)) return;
      output(letter);
    }
  },
};

describe("a splittable DoFn", () => {
  for (const [name, process] of Object.entries(FORMS)) {
    it(`outputs ${name}, with timestamps, whatever happens to bundles`, async () => {
      const expected = TWENTY.map((value) => ({ value, timestamp: value * 10 }));
      assert.deepEqual(await outputsOf(twenty(process)), expected);
      assert.deepEqual(await outputsOf(twenty(process), { maxBundleElements: 3 }), expected);
      assert.deepEqual(await outputsOf(twenty(process), UNFRIENDLY), expected);
    });
  }

  it("outputs with its element's timestamp where it does not say another", async () => {
    const outputs = await outputsOf(
      twenty(function* (_, tracker, output) {
        if (!tracker.tryClaim(19)) return;
        output(1, 5);
        output(2);
        yield 3;
      }),
    );
    assert.deepEqual(outputs, [
      { value: 2, timestamp: MIN_TIMESTAMP },
      { value: 3, timestamp: MIN_TIMESTAMP },
      { value: 1, timestamp: 5 },
    ]);
  });

  it("may have restrictions and a tracker of its own, and parts that have to be awaited", async () => {
    for (const options of [{}, UNFRIENDLY]) {
      let letters: { elements: readonly string[] } | undefined;
      await testPipeline((root) => {
        letters = collect(root.apply(create(["abcdef", "xy", ""])).apply(splittable("Spell", spell)));
      }, options);
      assert.equal([...letters!.elements].sort().join(""), "abcdefxy");
    }
  });

  it("may write restrictions with a coder of its own", async () => {
    const countdown: SplittableDoFn<Uint8Array, number, number, number> = {
      restrictionCoder: VARINT_CODER as never,
      initialRestriction: () => 3,
      newTracker: (_, count) => {
        let left = count;
        return {
          tryClaim: (n) => left > 0 && n === left && left-- > 0,
          currentRestriction: () => count,
          trySplit: () => undefined,
          checkDone: () => assert.equal(left, 0),
        };
      },
      process(_, tracker, output) {
        for (let n = tracker.currentRestriction(); tracker.tryClaim(n); n--) output(n);
      },
    };
    const pipeline = new Pipeline();
    pipeline.root.apply(impulse()).apply(splittable("Countdown", countdown));
    const { components, requirements } = pipeline.toProto();
    assert.deepEqual(requirements, ["beam:requirement:pardo:splittable_dofn:v1"]);
    assert.ok("c_kv_varint_js" in components!.coders, Object.keys(components!.coders).join());
    const values = (await outputsOf(countdown, UNFRIENDLY)).map(({ value }) => value);
    assert.deepEqual(values, [1, 2, 3], "a tracker that cannot be split goes on");
  });

  it("is given metrics, side inputs and its element's window, and sees each window by itself", async () => {
    let seen: { elements: readonly string[] } | undefined;
    const { metrics } = await testPipeline((root) => {
      const words = root.apply("Words", create(["a", "b"]));
      const doFn: SplittableDoFn<
        number,
        string,
        OffsetRange,
        number,
        unknown,
        {
          claims: ReturnType<typeof counter>;
          words: ReturnType<typeof asList<string>>;
          window: ReturnType<typeof windowParam>;
        }
      > = {
        initialRestriction: () => ({ from: 0, to: 2 }),
        process(n, tracker, output, { claims, words: all, window }) {
          for (let i = from(tracker); tracker.tryClaim(i); i++) {
            claims.inc();
            assert.ok(window instanceof IntervalWindow);
            output(`${n}${[...all].sort()[i]} in ${window.start}`);
          }
        },
      };
      const numbers = root
        .apply("Numbers", create([4]))
        .apply(assignTimestamps((n) => n))
        .apply(windowInto(slidingWindows(10, 5)));
      const context = { claims: counter("claims"), words: asList(words), window: windowParam() };
      seen = collect(numbers.apply(splittable("Lookup", doFn, context)));
    }, UNFRIENDLY);
    assert.deepEqual([...seen!.elements].sort(), ["4a in -5", "4a in 0", "4b in -5", "4b in 0"]);
    const claims = [...metrics.entries()].find(({ key }) => key.name === "claims");
    assert.deepEqual([claims?.key.step, claims?.cell.result()], ["Lookup", 4]);
  });

  it("has a life: set-up, bundles, tear-down", async () => {
    const life: string[] = [];
    await outputsOf(
      twenty(
        (_, tracker, output) => {
          if (life.at(-1) !== "process") life.push("process");
          for (let i = from(tracker); tracker.tryClaim(i); i++) output(i);
        },
        {
          setup: async () => void life.push("setup"),
          startBundle: () => void life.push("start"),
          teardown: () => void life.push("teardown"),
        },
      ),
      { maxBundleElements: 10 },
    );
    assert.deepEqual([life[0], life[1], life[2], life.at(-1)], ["setup", "start", "process", "teardown"]);
    assert.ok(life.filter((it) => it === "start").length > 1, life.join());
  });

  it("waits as long as it wants before it is resumed", async () => {
    const at: number[] = [];
    const doFn = twenty((_, tracker, output) => {
      const next = from(tracker);
      if (!tracker.tryClaim(next)) return stop();
      at.push(performance.now());
      output(next);
      if (next < 3) return resume({ delay: 20 });
      tracker.tryClaim(Number.POSITIVE_INFINITY);
      return stop();
    });
    assert.equal((await outputsOf(doFn)).length, 4);
    const waits = at.slice(1).map((time, i) => time - at[i]!);
    assert.ok(
      waits.every((wait) => wait >= 18),
      waits.join(),
    );
  });

  it("keeps what its watermark estimator knows when it goes on, and closes windows before it ends", async () => {
    const log: string[] = [];
    const seen: number[] = [];
    const doFn = twenty<ManualWatermark>(
      (_, tracker, output, { watermark }) => {
        const next = from(tracker);
        if (!tracker.tryClaim(next)) return stop();
        seen.push(watermark.current());
        log.push(`${next}`);
        output(next, next * 5);
        watermark.set(next * 5 + 5);
        return resume({ delay: 1 });
      },
      { bounded: false, watermark: manualWatermark() },
    );
    const pipeline = new Pipeline();
    const numbers = pipeline.root.apply(impulse()).apply(splittable("Source", doFn));
    assert.equal(numbers.bounded, false);
    numbers
      .apply(windowInto(fixedWindows(20)))
      .apply(countGlobally())
      .apply(reify())
      .map(({ value, window }) => log.push(`${value} in ${window}`));
    await runEmbedded(pipeline);
    assert.deepEqual(seen, [MIN_TIMESTAMP, ...TWENTY.map((n) => n * 5 + 5)].slice(0, seen.length));
    const windows = log.filter((it) => it.includes("in"));
    assert.deepEqual(
      windows,
      [0, 20, 40, 60, 80].map((start) => `4 in [${start}, ${start + 20})`),
    );
    assert.ok(log.indexOf("4 in [0, 20)") < log.indexOf("5"), log.join());
  });

  it("knows event time by the timestamps that it outputs, less a lag", async () => {
    const late = (watermark: ReturnType<typeof monotonicWatermark>) => {
      const pipeline = new Pipeline();
      const doFn = twenty(
        (_, tracker, output) => {
          const next = from(tracker);
          if (!tracker.tryClaim(next)) return stop();
          // 0, 2, 1, 4, 3, …
          output(next, next === 0 ? 0 : next % 2 === 0 ? next - 1 : next + 1);
          return resume();
        },
        { bounded: false, watermark },
      );
      pipeline.root
        .apply(impulse())
        .apply(splittable("Source", doFn))
        .apply(windowInto(fixedWindows(2)))
        .apply(countGlobally());
      return runEmbedded(pipeline, { maxBundleElements: 1 });
    };
    assert.equal((await late(monotonicWatermark())).droppedLate, 9);
    assert.equal((await late(monotonicWatermark({ lag: 1 }))).droppedLate, 0);
  });

  it("takes turns with its parts where they never end", async () => {
    const turns: string[] = [];
    const abort = new AbortController();
    const parts: SplittableDoFn<string, string> = {
      bounded: false,
      initialRestriction: () => ({ from: 0, to: Number.POSITIVE_INFINITY }),
      process(name, tracker) {
        if (turns.at(-1) !== name) turns.push(name);
        if (turns.length > 8) abort.abort();
        for (let i = from(tracker); tracker.tryClaim(i); i++);
      },
    };
    const pipeline = new Pipeline();
    pipeline.root.apply(create(["a", "b", "c"])).apply(splittable("Parts", parts));
    await assert.rejects(runEmbedded(pipeline, { signal: abort.signal }), { code: "cancelled" });
    assert.equal(new Set(turns.slice(0, 3)).size, 3, turns.join());
    assert.deepEqual(turns.slice(0, 3), turns.slice(3, 6));
  });

  it("is cancelled where it stands, even one that always has more", async () => {
    const abort = new AbortController();
    const doFn = twenty(
      async (_, tracker) => {
        for (let i = from(tracker); tracker.tryClaim(i); i++) await sleep(1);
      },
      { bounded: false, initialRestriction: () => ({ from: 0, to: Number.POSITIVE_INFINITY }) },
    );
    const pipeline = new Pipeline();
    pipeline.root.apply(impulse()).apply(splittable("Source", doFn));
    setTimeout(() => abort.abort(), 30);
    await assert.rejects(runEmbedded(pipeline, { signal: abort.signal }), { code: "cancelled" });
  });

  const claiming = (...positions: number[]) =>
    twenty((_, tracker) => {
      for (const position of positions) tracker.tryClaim(position);
    }) as never;
  const WRONG: Readonly<Record<string, readonly [SplittableDoFn<Uint8Array, number, never, never, never>, RegExp]>> = {
    "claims a position twice": [claiming(1, 1), /Position 1 was claimed after 1/],
    "claims backwards": [claiming(5, 2), /Position 2 was claimed after 5/],
    "returns before its restriction is done": [
      claiming(3),
      /process returned before its range from 0 to 20 was done: it was claimed up to 3/,
    ],
    "sets its watermark back": [
      twenty<ManualWatermark>(
        (_, __, ___, { watermark }) => {
          for (const instant of [7, 6]) watermark.set(instant);
        },
        { watermark: manualWatermark() },
      ) as never,
      /The watermark goes back from 7 to 6/,
    ],
    "has an estimator that says no instant": [
      twenty(() => resume(), {
        watermark: { initialState: () => 0, create: () => ({ current: () => Number.NaN, state: () => 0 }) },
      }) as never,
      /The watermark estimator says NaN/,
    ],
    "has restrictions without tracker": [
      twenty(() => {}, { initialRestriction: (() => "all") as never }) as never,
      /There is no tracker for the restriction 'all'/,
    ],
    "never ends and does not say so": [
      twenty(() => {}, { initialRestriction: () => ({ from: 0, to: Number.POSITIVE_INFINITY }) }) as never,
      /never ends, but the DoFn is not declared unbounded/,
    ],
    "has parts of a negative size": [twenty(() => {}, { size: () => -1 }) as never, /The size of a restriction is -1/],
    "outputs at no instant": [
      twenty((_, tracker, output) => {
        if (tracker.tryClaim(19)) output(1, 0.5);
      }) as never,
      /0\.5 is not a timestamp/,
    ],
    "returns what holds no outputs": [twenty((() => 7) as never) as never, /returned 7, which holds no outputs/],
    "wants to be resumed in the past": [
      twenty(() => resume({ delay: -1 })) as never,
      /Work cannot be resumed after -1 ms/,
    ],
    throws: [
      twenty(() => {
        throw new RangeError("too far");
      }) as never,
      /RangeError: too far/,
    ],
    "throws as a generator": [
      // biome-ignore lint/correctness/useYield: it throws before.
      twenty(function* () {
        throw new RangeError("too far");
      }) as never,
      /RangeError: too far/,
    ],
    "rejects as an async generator": [
      // biome-ignore lint/correctness/useYield: it throws before.
      twenty(async function* () {
        throw new RangeError("too far");
      }) as never,
      /RangeError: too far/,
    ],
  };
  for (const [name, [doFn, message]] of Object.entries(WRONG)) {
    it(`that ${name} fails the job with its step and element`, async () => {
      const error = await failureOf(doFn);
      assert.match(error.message, message);
      assert.match(String(error.where), /^Source/);
      assert.match(String(error.element ?? error.message), /Uint8Array|timestamp|holds no outputs/);
    });
  }

  it("is refused at once without its methods, or with a context member of the estimator's name", () => {
    const apply = (doFn: unknown, context?: object) =>
      new Pipeline().root.apply(impulse()).apply(splittable("Source", doFn as never, context as never));
    assert.throws(() => apply({ process: () => {} }), /has no method initialRestriction/);
    assert.throws(() => apply({ initialRestriction: () => 1 }), /has no method process/);
    assert.throws(
      () =>
        apply(
          twenty(() => {}),
          { watermark: 1 },
        ),
      /member watermark/,
    );
  });
});

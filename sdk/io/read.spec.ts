import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { timestampParam, windowParam } from "../pipeline/context.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { runEmbedded } from "../runners/embedded/embedded.js";
import { collect, type TestPipelineOptions, testPipeline } from "../testing/index.js";
import { countGlobally } from "../transforms/count.js";
import { fixedWindows } from "../windowing/window-fns.js";
import { windowInto } from "../windowing/window-into.js";
import { read } from "./read.js";
import type { Source, SourceReader } from "./source.js";

const UNFRIENDLY: readonly TestPipelineOptions[] = [1, 2, 3, 4].map((seed) => ({
  failBundles: 0.3,
  splitBundles: 0.5,
  restoreAlways: true,
  seed,
}));

/** Parts `a`, `b`, … of so many elements each; readers know nothing of marks. */
class Letters implements Source<string, string> {
  opened: string[] = [];
  closed = 0;

  constructor(
    readonly count: number,
    readonly asynchronous = false,
  ) {}

  async split(desiredParts: number): Promise<string[]> {
    return ["a", "b", "c"].slice(0, desiredParts);
  }

  size(): number {
    return this.count;
  }

  open(letter: string): SourceReader<string> {
    this.opened.push(letter);
    let at = -1;
    const go = (): boolean | Promise<boolean> => {
      at++;
      const there = at < this.count;
      return this.asynchronous ? sleep(at % 3 === 0 ? 1 : 0).then(() => there) : there;
    };
    return {
      start: go,
      advance: go,
      current: () => `${letter}${at}`,
      close: () => {
        this.closed++;
      },
    };
  }
}

/** A topic that grows: what is in it may be read from any offset on. */
class Topic implements Source<number, number, number> {
  readonly bounded = false;
  readonly messages: number[] = [];
  readonly acknowledged: number[] = [];
  opened: (number | undefined)[] = [];
  /** Whether a reader at the end waits, instead of saying that there is nothing. */
  waits = false;
  #waiting: (() => void)[] = [];

  split(): number[] {
    return [0];
  }

  add(...messages: number[]): void {
    this.messages.push(...messages);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  open(_: number, mark: number | undefined): SourceReader<number, number> {
    this.opened.push(mark);
    let at = (mark ?? 0) - 1;
    const advance = (): boolean | Promise<boolean> => {
      if (at + 1 < this.messages.length) {
        at++;
        return true;
      }
      if (!this.waits) return false;
      return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(advance);
    };
    return {
      start: advance,
      advance,
      current: () => this.messages[at]!,
      timestamp: () => this.messages[at]!,
      watermark: () => this.messages[at] ?? 0,
      checkpoint: () => at + 1,
    };
  }

  finalize(_: number, mark: number): void {
    this.acknowledged.push(mark);
  }
}

async function lettersOf(source: Letters, options: TestPipelineOptions = {}, parts = 3) {
  let collected: { elements: readonly string[] } | undefined;
  await testPipeline((root) => {
    collected = collect(root.apply(read(source, { parts })));
  }, options);
  return [...collected!.elements].sort();
}

const letters = (count: number, ...names: string[]): string[] =>
  names.flatMap((name) => Array.from({ length: count }, (_, i) => `${name}${i}`)).sort();

/** Runs a pipeline that counts a topic's numbers in windows of ten, until `until` says so. */
async function countsOf(topic: Topic, until: (counts: readonly string[]) => boolean, options: object = {}) {
  const counts: string[] = [];
  const abort = new AbortController();
  const pipeline = new Pipeline();
  const numbers = pipeline.root.apply(read(topic));
  assert.equal(numbers.bounded, false);
  numbers
    .map((n, { timestamp }) => assert.equal(n, timestamp), { timestamp: timestampParam() })
    .apply(windowInto(fixedWindows(10)))
    .apply(countGlobally())
    .map(
      (count, { window }) => {
        counts.push(`${count} in ${window}`);
        if (until(counts)) abort.abort();
        return count;
      },
      { window: windowParam() },
    );
  await runEmbedded(pipeline, { signal: abort.signal, ...options });
  return counts;
}

describe("read, of a source that ends", () => {
  it("gives the elements of all parts, and closes their readers", async () => {
    const source = new Letters(5);
    assert.deepEqual(await lettersOf(source), letters(5, "a", "b", "c"));
    assert.deepEqual(source.opened, ["a", "b", "c"]);
    assert.equal(source.closed, 3);
    assert.deepEqual(await lettersOf(new Letters(5), {}, 1), letters(5, "a"));
  });

  for (const asynchronous of [false, true]) {
    const how = asynchronous ? "that has to be awaited" : "that answers at once";
    it(`gives each element once, whatever happens to bundles, of one ${how}`, async () => {
      for (const options of [{ maxBundleElements: 3 }, ...UNFRIENDLY]) {
        const source = new Letters(20, asynchronous);
        assert.deepEqual(await lettersOf(source, options), letters(20, "a", "b", "c"));
        assert.equal(source.closed, source.opened.length);
      }
    });
  }

  it("goes on with a reader that is still open", async () => {
    const source = new Letters(20);
    await lettersOf(source, { maxBundleElements: 2 });
    assert.deepEqual(source.opened, ["a", "b", "c"]);
  });

  it("fails with the step at what its reader throws, and closes it", async () => {
    for (const failing of [false, true]) {
      const source = new Letters(3, failing);
      const open = source.open.bind(source);
      source.open = (letter) => ({
        ...open(letter),
        advance: () => {
          if (!failing) throw new Error("the line is dead");
          return Promise.reject(new Error("the line is dead"));
        },
      });
      await assert.rejects(lettersOf(source), /Error: the line is dead.*at Read\/Parts/);
      assert.equal(source.closed, source.opened.length);
    }
  });

  it("is refused at once where it is no source, or has no parts", () => {
    assert.throws(() => read({} as never), { code: "invalid-argument" });
    assert.throws(() => read(new Letters(1), { parts: 0 }), { code: "invalid-argument" });
  });
});

describe("read, of a source that does not end", () => {
  it("moves event time on by its watermark, and acknowledges what was committed", async () => {
    for (const waits of [false, true]) {
      const topic = new Topic();
      topic.waits = waits;
      topic.add(1, 2, 11, 12, 13);
      setTimeout(() => topic.add(14, 21), 30);
      await assert.rejects(
        countsOf(topic, (counts) => {
          assert.deepEqual(counts, ["2 in [0, 10)", "4 in [10, 20)"].slice(0, counts.length));
          return counts.length === 2;
        }),
        { code: "cancelled" },
      );
      // One that has to be awaited is begun anew when the stage learns of it.
      assert.equal(topic.opened.length, waits ? 2 : 1);
      assert.ok(topic.acknowledged.length > 0);
      assert.deepEqual(
        topic.acknowledged,
        topic.acknowledged.toSorted((a, b) => a - b),
      );
    }
  });

  it("goes on from a mark where bundles are lost, and acknowledges nothing that is not committed", async () => {
    const marks: (number | undefined)[] = [];
    for (const { seed, ...options } of UNFRIENDLY) {
      const topic = new Topic();
      topic.add(...Array.from({ length: 100 }, (_, i) => i));
      const counts = await countsOf(topic, () => false, { untilAvailable: true, seed, ...options });
      assert.deepEqual(
        [...new Set(counts)],
        Array.from({ length: 10 }, (_, i) => `10 in [${i * 10}, ${i * 10 + 10})`),
      );
      marks.push(...topic.opened);
    }
    assert.ok(
      marks.some((mark) => mark !== undefined),
      marks.join(),
    );
  });

  it("ends with what is there, if it is to", async () => {
    for (const waits of [false, true]) {
      const topic = new Topic();
      topic.waits = waits;
      topic.add(1, 12);
      const counts = await countsOf(topic, () => false, { untilAvailable: true });
      assert.deepEqual(counts, ["1 in [0, 10)", "1 in [10, 20)"]);
    }
  });

  it("delivers what comes within 50 ms", async () => {
    for (const waits of [false, true]) {
      const topic = new Topic();
      topic.waits = waits;
      const sent = new Map<number, number>();
      const latencies: number[] = [];
      const abort = new AbortController();
      const pipeline = new Pipeline();
      pipeline.root.apply(read(topic)).map((n) => {
        latencies.push(performance.now() - sent.get(n)!);
        if (latencies.length === 15) abort.abort();
        return n;
      });
      let n = 0;
      const sender = setInterval(() => {
        sent.set(++n, performance.now());
        topic.add(n);
      }, 7);
      await assert.rejects(runEmbedded(pipeline, { signal: abort.signal }), { code: "cancelled" });
      clearInterval(sender);
      const median = latencies.toSorted((a, b) => a - b)[7]!;
      assert.ok(median < 50, `${latencies}`);
    }
  });

  it("must say how far event time has come, and from where another reader goes on", async () => {
    const topic = new Topic();
    const open = topic.open.bind(topic);
    topic.open = (part, mark) => {
      const { watermark, ...rest } = open(part, mark);
      return rest;
    };
    await assert.rejects(
      countsOf(topic, () => false),
      /lacks watermark or checkpoint/,
    );
  });
});

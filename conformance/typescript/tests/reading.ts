import { fileURLToPath } from "node:url";
import {
  countPerKey,
  create,
  fixedWindows,
  generateSequence,
  globalWindows,
  type PCollection,
  periodicImpulse,
  periodicSequence,
  read,
  type Source,
  type SourceReader,
  timestampParam,
  windowInto,
} from "girder";
import { afterTimeSinceNewOutput, afterTotalOf, match, matchContinuously } from "girder/io/fileio";
import { readFromText } from "girder/io/textio";
import { passert, syntheticSource } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Numbers, a hundred in each part. */
class Hundreds implements Source<number, number, number> {
  constructor(
    readonly parts: number,
    readonly marks: boolean,
    readonly asynchronous: boolean,
  ) {}

  async *split(): AsyncGenerator<number> {
    for (let part = 0; part < this.parts; part++) yield part;
  }

  size(): number {
    return 100;
  }

  open(part: number, mark = 0): SourceReader<number, number> {
    let at = mark - 1;
    const advance = (): boolean | Promise<boolean> => {
      at++;
      return this.asynchronous ? Promise.resolve(at < 100) : at < 100;
    };
    return {
      start: advance,
      advance,
      current: () => part * 100 + at,
      timestamp: () => part * 100 + at,
      ...(this.marks ? { checkpoint: () => Math.min(100, at + 1) } : {}),
    };
  }
}

function stamped(numbers: PCollection<number>): PCollection<string> {
  return numbers.map((n, { at }) => `${n} at ${at}`, { at: timestampParam() });
}

const reading = (name: string, rule: string, source: Hundreds): ConformanceTest => ({
  category: "Read",
  name,
  rule,
  build(root) {
    passert(stamped(root.apply(read(source)))).containsInAnyOrder(
      range(0, source.parts * 100).map((n) => `${n} at ${n}`),
    );
  },
});

/** This file, which is there. */
const HERE = fileURLToPath(import.meta.url);

export const READING: readonly ConformanceTest[] = [
  reading(
    "of a source in parts",
    "Each part is read to its end; elements have their reader's timestamps.",
    new Hundreds(3, false, false),
  ),
  reading(
    "of a source with marks",
    "A reader that is opened with a mark goes on behind the elements before it.",
    new Hundreds(3, true, false),
  ),
  reading(
    "of a source that has to be awaited",
    "Readers may be asynchronous; bundles end between their elements all the same.",
    new Hundreds(2, true, true),
  ),
  reading("of nothing", "A source may have no parts.", new Hundreds(0, false, false)),
  {
    category: "Read",
    name: "of a source whose reader fails",
    rule: "What a reader throws fails the job, with the step's name.",
    failure: { code: "user-exception", message: /Error: disk on fire.*Read\/Parts/ },
    build(root) {
      const source = new Hundreds(1, false, false);
      const open = source.open.bind(source);
      source.open = (part) => ({
        ...open(part),
        current: () => {
          throw new Error("disk on fire");
        },
      });
      root.apply(read(source));
    },
  },
  {
    category: "Read",
    name: "impulses at regular times",
    rule: "Each instant is output when the clock has come to it, with itself as timestamp; those that are past, at once.",
    build(root) {
      const from = Date.now() - 200;
      const to = from + 260;
      const impulses = root.apply(periodicImpulse({ from, to, interval: 20 }));
      const lateness = impulses.map((instant, { at }) => ({ instant, at, now: Date.now() }), { at: timestampParam() });
      passert(lateness).satisfies((elements) => {
        const instants = elements.map(({ instant }) => instant).sort((a, b) => a - b);
        const expected = range(0, 13).map((i) => from + i * 20);
        if (JSON.stringify(instants) !== JSON.stringify(expected)) throw new Error(`${instants} of ${expected}`);
        for (const { instant, at, now } of elements) {
          if (instant !== at || now < instant) throw new Error(`${instant} was output at ${now}, as of ${at}`);
        }
      });
    },
  },
  {
    category: "Read",
    name: "sequences of instants",
    rule: "Each period of the input has a sequence of its own.",
    build(root) {
      const periods = root.apply(
        create([
          { from: 0, to: 25, interval: 10 },
          { from: 1000, to: 1002, interval: 1 },
          { from: 7, to: 7, interval: 1 },
        ]),
      );
      passert(stamped(periods.apply(periodicSequence()))).containsInAnyOrder(
        [0, 10, 20, 1000, 1001].map((n) => `${n} at ${n}`),
      );
    },
  },
  {
    category: "Read",
    name: "numbers at a rate",
    rule: "No more than so many a second are output; each has the time when it was due as timestamp.",
    build(root) {
      const begun = Date.now();
      const numbers = root.apply(generateSequence({ to: 30, rate: 500 }));
      const timed = numbers.map((n, { at }) => ({ n, at, now: Date.now() }), { at: timestampParam() });
      passert(timed).satisfies((elements) => {
        const sorted = [...elements].sort((a, b) => a.n - b.n);
        if (sorted.length !== 30) throw new Error(`${sorted.length} numbers`);
        const [first] = sorted;
        for (const { n, at, now } of sorted) {
          if (at !== first!.at + n * 2 || now < at || at < begun) throw new Error(`${n} came at ${now}, as of ${at}`);
        }
      });
    },
  },
  {
    category: "Read",
    name: "numbers for a time",
    rule: "A sequence that ends by time is bounded: numbers without a gap, then the end.",
    build(root) {
      const numbers = root.apply(generateSequence({ rate: 1000, maxReadTime: 30 }));
      passert(numbers).satisfies((elements) => {
        const sorted = [...elements].sort((a, b) => a - b);
        // On a slow machine the time may be over before there is the first.
        if (sorted.length > 31 || sorted.some((n, i) => n !== i)) throw new Error(`${sorted}`);
      });
    },
  },
  {
    category: "Read",
    name: "numbers with timestamps",
    rule: "A sequence is stamped by its function.",
    build(root) {
      const numbers = root.apply(generateSequence({ from: 5, to: 8, timestamp: (n) => n * n }));
      passert(stamped(numbers)).containsInAnyOrder(["5 at 25", "6 at 36", "7 at 49"]);
    },
  },
  {
    category: "Read",
    name: "synthetic elements",
    rule: "Elements with keys, as many as wanted; their watermark makes none of them late.",
    build(root) {
      const elements = root.apply(syntheticSource({ elements: 300, rate: 10_000, keys: 3, delay: 40 }));
      const perKey = elements.apply(windowInto(fixedWindows(10))).apply(countPerKey());
      passert(perKey.apply(windowInto(globalWindows()))).satisfies((all) => {
        const count = all.reduce((sum, { value }) => sum + value, 0);
        const keys = new Set(all.map(({ key }) => key));
        if (count !== 300 || keys.size !== 3) throw new Error(`${count} elements of ${[...keys]}`);
      });
    },
  },
  {
    category: "Read",
    name: "files that match",
    rule: "Each file is an element, with its path and size.",
    build(root) {
      passert(root.apply(match(HERE)).map(({ path, size }) => path === HERE && size > 1000)).isSingleton(true);
    },
  },
  {
    category: "Read",
    name: "files as they come, once",
    rule: "What is found again is not output again; watching ends by its condition, and with it the output.",
    build(root) {
      const files = root.apply(matchContinuously([HERE, `${HERE}.none`], { interval: 5, until: afterTotalOf(40) }));
      passert(files.map(({ path }) => path).apply(windowInto(globalWindows()))).isSingleton(HERE);
    },
  },
  {
    category: "Read",
    name: "lines of files as they come",
    rule: "Files are read when they are found, each once.",
    build(root) {
      const watch = { interval: 5, until: afterTimeSinceNewOutput(25) };
      const lines = root.apply(readFromText(HERE, { watch }));
      const mine = lines.filter((line) => line.includes("lines of files as they" + " come"));
      passert(mine).satisfies((found) => {
        if (found.length !== 1) throw new Error(`${found.length} lines`);
      });
    },
  },
];

import { setTimeout as wait } from "node:timers/promises";
import {
  create,
  type DoFn,
  fixedWindows,
  groupByKey,
  paneInfoParam,
  partition,
  type Resolved,
  slidingWindows,
  split,
  type Timestamped,
  timestampParam,
  windowInto,
  windowParam,
  withKeys,
  withTimestamps,
} from "girder";
import { passert } from "girder/testing";
import type { ConformanceTest } from "../conformance-test.js";

const PLACE = { timestamp: timestampParam(), window: windowParam(), pane: paneInfoParam() };

/** Says for each element what of its life the DoFn has seen so far. */
class Witness implements DoFn<number, string> {
  #setups = 0;
  #open = false;

  async setup(): Promise<void> {
    await wait(1);
    this.#setups++;
  }

  startBundle(): void {
    if (this.#open) throw new Error("A bundle was started before the last one was finished.");
    this.#open = true;
  }

  process(): string[] {
    return [`${this.#setups} set-up, bundle ${this.#open ? "open" : "not open"}`];
  }

  finishBundle(): void {
    if (!this.#open) throw new Error("A bundle was finished that had not been started.");
    this.#open = false;
  }
}

/** Outputs the elements of a bundle at its end. */
class AtTheEnd implements DoFn<number, number, typeof PLACE> {
  #held: Timestamped<number>[] = [];

  startBundle(): void {
    this.#held = [];
  }

  process(value: number, { timestamp, window }: Resolved<typeof PLACE>): void {
    this.#held.push({ value, timestamp, window });
  }

  finishBundle(): Timestamped<number>[] {
    return this.#held;
  }
}

const TEN = Array.from({ length: 10 }, (_, i) => i);

export const PAR_DO: readonly ConformanceTest[] = [
  {
    category: "ParDo",
    name: "gives none, one or several outputs for an element",
    rule: "beam:transform:pardo:v1: the output is the union of what the function returns for each element.",
    build(root) {
      const outputs = root.apply(create([0, 1, 2, 3])).flatMap((n) => Array.from({ length: n }, (_, i) => `${n}.${i}`));
      passert(outputs).containsInAnyOrder(["1.0", "2.0", "2.1", "3.0", "3.1", "3.2"]);
    },
  },
  {
    category: "ParDo",
    name: "of no elements gives none",
    rule: "A function is called for elements only; without them there are no outputs.",
    build(root) {
      passert(root.apply(create<number>([])).map((n) => n)).isEmpty();
    },
  },
  {
    category: "ParDo",
    name: "awaits promises and asynchronous generators",
    rule: "A bundle is complete when all its outputs have been made, those made later included.",
    build(root) {
      const numbers = root.apply(create(TEN));
      const later = numbers.map(async (n) => {
        await wait(n % 3);
        return n * 2;
      });
      passert(later).containsInAnyOrder(TEN.map((n) => n * 2));
      const generated = later.flatMap(async function* (n) {
        yield n;
        await wait(1);
        yield n + 1;
      });
      passert(generated).containsInAnyOrder(Array.from({ length: 20 }, (_, i) => i));
    },
  },
  {
    category: "ParDo",
    name: "keeps timestamp, window and pane",
    rule: "An output is at the timestamp, in the windows and of the pane of its input.",
    build(root) {
      const places = root
        .apply(create([1, 12]))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(fixedWindows(10)))
        .map((n) => n)
        .map((n, { timestamp, window, pane }) => `${n} at ${timestamp} in ${String(window)}, ${pane.timing}`, PLACE);
      passert(places).containsInAnyOrder(["1 at 1 in [0, 10), UNKNOWN", "12 at 12 in [10, 20), UNKNOWN"]);
    },
  },
  {
    category: "ParDo",
    name: "that looks at the window is called for each window of an element",
    rule: "An element in several windows is processed as if it were there once for each.",
    build(root) {
      const windows = root
        .apply(create([7]))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(slidingWindows(10, 5)))
        .map((n, { window }) => `${n} in ${String(window)}`, { window: windowParam() });
      passert(windows).containsInAnyOrder(["7 in [0, 10)", "7 in [5, 15)"]);
    },
  },
  {
    category: "ParDo",
    name: "filters",
    rule: "Elements that are kept are kept as they are.",
    build(root) {
      const kept = root
        .apply(create(TEN))
        .filter((n) => n > 6)
        .filter(async (n) => n !== 8);
      passert(kept).containsInAnyOrder([7, 9]);
    },
  },
  {
    category: "ParDoLifecycle",
    name: "sets up once, and processes within bundles",
    rule: "Calls come in the order setup, (startBundle, process*, finishBundle)*, teardown; setup comes once for an instance.",
    build(root) {
      const seen = root.apply(create(TEN)).parDo(new Witness());
      passert(seen).containsInAnyOrder(TEN.map(() => "1 set-up, bundle open"));
    },
  },
  {
    category: "ParDoLifecycle",
    name: "outputs at the end of a bundle what it held back",
    rule: "Each element is in one committed bundle; outputs of finishBundle belong to the bundle, at the timestamps and in the windows that they name.",
    build(root) {
      const held = root
        .apply(create(TEN))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(fixedWindows(5)))
        .parDo(new AtTheEnd(), PLACE);
      passert(held).containsInAnyOrder(TEN);
      const places = held.map((n, { timestamp, window }) => `${n} at ${timestamp} in ${String(window)}`, PLACE);
      passert(places).containsInAnyOrder(TEN.map((n) => `${n} at ${n} in ${n < 5 ? "[0, 5)" : "[5, 10)"}`));
    },
  },
  {
    category: "ParDoLifecycle",
    name: "holds back behind a grouping",
    rule: "The outputs of finishBundle hold the watermark back: nothing that comes of them is late.",
    build(root) {
      const held = root
        .apply(create(TEN))
        .apply(withTimestamps((n) => n))
        .apply(windowInto(fixedWindows(5)))
        .parDo(new AtTheEnd(), PLACE)
        .apply(withKeys("all"))
        .apply(groupByKey())
        .map(({ value }) => [...value].sort());
      passert(held).containsInAnyOrder([
        [0, 1, 2, 3, 4],
        [5, 6, 7, 8, 9],
      ]);
    },
  },
  {
    category: "MultipleOutputs",
    name: "deals elements out by number",
    rule: "Each output of a transform is a PCollection of its own; an element goes to the one that the function names.",
    build(root) {
      const [small, middle, large, none] = root.apply(create(TEN)).apply(partition((n) => Math.floor(n / 4), 4));
      passert(small).containsInAnyOrder([0, 1, 2, 3]);
      passert(middle).containsInAnyOrder([4, 5, 6, 7]);
      passert(large).containsInAnyOrder([8, 9]);
      passert(none).isEmpty();
    },
  },
  {
    category: "MultipleOutputs",
    name: "sends one element to several outputs",
    rule: "A function may output to any number of tags for one element.",
    build(root) {
      const parsed = root
        .apply(create(["1", "x", "2"]))
        .map((text): { number?: number; text?: string } => (text === "x" ? { text } : { number: Number(text), text }));
      const { number, text } = parsed.apply(split("number", "text"));
      passert(number).containsInAnyOrder([1, 2]);
      passert(text).containsInAnyOrder(["1", "x", "2"]);
    },
  },
  {
    category: "MultipleOutputs",
    name: "may be left unread",
    rule: "An output that nobody reads is computed or not, and changes nothing.",
    build(root) {
      const [even] = root.apply(create(TEN)).apply(partition((n) => n % 2, 2));
      passert(even).containsInAnyOrder([0, 2, 4, 6, 8]);
    },
  },
];

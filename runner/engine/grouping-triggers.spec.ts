import assert from "node:assert/strict";
import fc from "fast-check";
import { Batch, entry } from "../../portability/execution/batch.js";
import { NO_FIRING, type PaneInfo } from "../../portability/execution/pane.js";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow, IntervalWindow } from "../../portability/execution/window.js";
import { WindowTable } from "../../portability/execution/window-table.js";
import type { KeyWindows, MergedKey } from "./events.js";
import type { GroupingStrategy } from "./graph.js";
import { Grouping } from "./grouping.js";
import type { Trigger } from "./trigger.js";

/** Any trigger, of some depth. */
const triggers: fc.Arbitrary<Trigger> = fc.letrec<{ tree: Trigger; leaf: Trigger }>((tie) => {
  const many = fc.array(tie("tree"), { minLength: 1, maxLength: 3 });
  return {
    leaf: fc.oneof(
      fc.constantFrom<Trigger>({ kind: "default" }, { kind: "never" }, { kind: "always" }),
      fc.record({ kind: fc.constant("element-count" as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({
        kind: fc.constant("processing-time" as const),
        transforms: fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant("delay" as const), delay: fc.nat({ max: 20 }) }),
            fc.record({
              kind: fc.constant("align" as const),
              period: fc.integer({ min: 1, max: 20 }),
              offset: fc.nat({ max: 20 }),
            }),
          ),
          { maxLength: 2 },
        ),
      }),
    ),
    tree: fc.oneof(
      { depthSize: "small" },
      tie("leaf"),
      fc.record({ kind: fc.constantFrom("all" as const, "any" as const, "each" as const), parts: many }),
      fc.record({ kind: fc.constant("repeat" as const), part: tie("tree") }),
      fc.record({ kind: fc.constant("or-finally" as const), main: tie("tree"), until: tie("tree") }),
      fc.record(
        { kind: fc.constant("end-of-window" as const), early: tie("tree"), late: tie("tree") },
        { requiredKeys: ["kind"] },
      ),
    ) as fc.Arbitrary<Trigger>,
  };
}).tree;

/** What happens to a grouping. Time and the watermark only move on. */
type Step =
  | { readonly does: "add"; readonly key: string; readonly timestamp: number }
  | { readonly does: "advance" | "tick"; readonly by: number }
  | { readonly does: "store" };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        does: fc.constant("add"),
        key: fc.constantFrom("a", "b"),
        timestamp: fc.nat({ max: 60 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("advance"), by: fc.nat({ max: 15 }) }) },
    { weight: 2, arbitrary: fc.record({ does: fc.constant("tick"), by: fc.nat({ max: 15 }) }) },
    { weight: 1, arbitrary: fc.record({ does: fc.constant("store") }) },
  ) as fc.Arbitrary<Step>,
  { maxLength: 40 },
);

const strategies = (merging: GroupingStrategy["merging"]): fc.Arbitrary<GroupingStrategy> =>
  fc.record({
    merging: fc.constant(merging),
    trigger: triggers,
    allowedLateness: fc.constantFrom(0, 5, 1000),
    accumulating: fc.boolean(),
    outputTime: fc.constantFrom("END_OF_WINDOW", "EARLIEST_IN_PANE", "LATEST_IN_PANE"),
    onTimePaneAlways: fc.boolean(),
    closingPaneAlways: fc.boolean(),
  });

interface Emitted {
  readonly key: string;
  readonly window: string;
  readonly values: readonly number[];
  readonly timestamp: number;
  readonly pane: PaneInfo;
  /** The output watermark before. */
  readonly watermark: number;
}

function interval(window: InternedWindow): IntervalWindow {
  return window.value as IntervalWindow;
}

/** What a window function says of sessions: those that overlap are one. */
function mergeOverlapping(keys: readonly KeyWindows[], table: WindowTable): MergedKey[] {
  return keys.map(({ key, windows }) => {
    const sorted = windows.toSorted((a, b) => interval(a).start - interval(b).start);
    const groups: InternedWindow[][] = [];
    let end = Number.NEGATIVE_INFINITY;
    for (const window of sorted) {
      if (interval(window).start < end) groups.at(-1)!.push(window);
      else groups.push([window]);
      end = Math.max(end, interval(window).end);
    }
    const merges = groups
      .filter((group) => group.length > 1)
      .map((from) => {
        const into = table.interval(interval(from[0]!).start, Math.max(...from.map((it) => interval(it).end)));
        return { from, into };
      });
    return { key, merges };
  });
}

/** A grouping with its clocks, to which things happen as the engine has it. */
class GroupingUnderTest {
  grouping: Grouping;
  readonly emitted: Emitted[] = [];
  added = 0;
  now = 0;
  #watermark = MIN_TIMESTAMP;
  #output = MIN_TIMESTAMP;

  /** @param copies Whether it is replaced by a copy of itself after everything that happens. */
  constructor(
    readonly strategy: GroupingStrategy,
    readonly windows: WindowTable,
    readonly copies = false,
  ) {
    this.grouping = new Grouping(strategy, windows);
  }

  happens(step: Step): void {
    switch (step.does) {
      case "add":
        this.#add(step.key, step.timestamp);
        break;
      case "advance":
        this.advance(Math.max(this.#watermark, 0) + step.by);
        break;
      case "tick":
        this.now += step.by;
        this.#take(this.grouping.tick(this.now));
        break;
      case "store":
        this.grouping.store(this.grouping.heldValues().map((values) => [...values]));
        break;
    }
    this.#ask();
    if (this.copies) this.grouping = this.grouping.copy();
  }

  #add(key: string, timestamp: number): void {
    const { windows } = this;
    const start = Math.floor(timestamp / 10) * 10;
    const window =
      this.strategy.merging === "no"
        ? windows.interval(start, start + 10)
        : windows.interval(timestamp, timestamp + 10);
    this.#take(
      this.grouping.add(new Batch([this.added++], [key], [timestamp], [window], { all: NO_FIRING }, 10), this.now),
    );
  }

  advance(watermark: number): void {
    this.#watermark = watermark;
    this.#ask();
    this.#take(this.grouping.advance(watermark, this.now));
    this.#output = Math.max(this.#output, Math.min(watermark, this.grouping.hold));
    this.grouping.outputAdvanced(this.#output);
    if (this.copies) this.grouping = this.grouping.copy();
  }

  #ask(): void {
    const questions = this.grouping.takeQuestions(this.#watermark);
    if (questions.length > 0) {
      assert.equal(this.grouping.mayAdvance(MAX_TIMESTAMP), false);
      if (this.copies) this.grouping = this.grouping.copy();
      this.#take(this.grouping.merged(mergeOverlapping(questions, this.windows), this.now));
    }
    assert.equal(this.grouping.mayAdvance(this.#watermark), true);
  }

  #take(batches: readonly Batch[]): void {
    for (const { count, columns } of batches) {
      for (let i = 0; i < count; i++) {
        this.emitted.push({
          key: columns.keys![i] as string,
          window: String((entry(columns.windows, i) as InternedWindow).value),
          values: [...(columns.refs[i] as Iterable<number>)],
          timestamp: entry(columns.timestamps, i),
          pane: entry(columns.panes, i),
          watermark: this.#output,
        });
      }
    }
  }

  /** What is emitted, for comparison: the order of a pane's values says nothing. */
  get texts(): string[] {
    return this.emitted.map(({ key, window, values, timestamp, pane }) => {
      const sorted = values.toSorted((a, b) => a - b).join();
      return `${key} ${window} [${sorted}] at ${timestamp} ${JSON.stringify(pane)}`;
    });
  }
}

function played(strategy: GroupingStrategy, all: readonly Step[], copies = false): GroupingUnderTest {
  const test = new GroupingUnderTest(strategy, new WindowTable(), copies);
  for (const step of all) test.happens(step);
  test.advance(MAX_TIMESTAMP);
  return test;
}

/** The panes of each key and window, in order. */
function byWindow(emitted: readonly Emitted[]): Emitted[][] {
  const panes = new Map<string, Emitted[]>();
  for (const pane of emitted) {
    const id = `${pane.key} ${pane.window}`;
    panes.set(id, [...(panes.get(id) ?? []), pane]);
  }
  return [...panes.values()];
}

describe("any trigger, whatever happens", () => {
  it("numbers the panes of a window from its first to its last", () => {
    fc.assert(
      fc.property(strategies("no"), steps, (strategy, all) => {
        for (const panes of byWindow(played(strategy, all).emitted)) {
          panes.forEach(({ pane }, i) => {
            assert.equal(pane.index, i);
            assert.equal(pane.isFirst, i === 0);
            assert.ok(!pane.isLast || i === panes.length - 1);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("emits early panes, one on time at most, and late ones then", () => {
    fc.assert(
      fc.property(strategies("no"), steps, (strategy, all) => {
        for (const panes of byWindow(played(strategy, all).emitted)) {
          const timings = panes.map(({ pane }) => pane.timing);
          assert.match(timings.join(" "), /^(EARLY ?)*(ON_TIME ?)?(LATE ?)*$/);
          const early = timings.filter((timing) => timing === "EARLY").length;
          panes.forEach(({ pane }, i) => {
            assert.equal(pane.nonSpeculativeIndex, i < early ? -1 : i - early);
          });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("loses nothing and repeats nothing, where panes discard", () => {
    for (const merging of ["no", "overlapping", "custom"] as const) {
      fc.assert(
        fc.property(strategies(merging), steps, (strategy, all) => {
          const { emitted, added, grouping } = played({ ...strategy, accumulating: false }, all);
          const values = emitted.flatMap((pane) => pane.values);
          assert.equal(new Set(values).size, values.length);
          assert.equal(values.length + grouping.droppedLate, added);
        }),
        { numRuns: 200 },
      );
    }
  });

  it("loses nothing and keeps what it had, where panes accumulate", () => {
    fc.assert(
      fc.property(strategies("no"), steps, (strategy, all) => {
        const { emitted, added, grouping } = played({ ...strategy, accumulating: true }, all);
        for (const panes of byWindow(emitted)) {
          panes.slice(1).forEach(({ values }, i) => {
            assert.deepEqual(values.slice(0, panes[i]!.values.length), panes[i]!.values);
          });
        }
        assert.equal(new Set(emitted.flatMap((pane) => pane.values)).size + grouping.droppedLate, added);
      }),
      { numRuns: 300 },
    );
  });

  it("emits nothing behind the watermark that it has let pass, but late panes", () => {
    for (const merging of ["no", "overlapping"] as const) {
      fc.assert(
        fc.property(strategies(merging), steps, (strategy, all) => {
          for (const { timestamp, watermark, pane } of played(strategy, all).emitted) {
            if (pane.timing !== "LATE") assert.ok(timestamp >= watermark, `${timestamp} behind ${watermark}`);
          }
        }),
        { numRuns: 200 },
      );
    }
  });

  it("emits an empty pane only on time or as the last, where such are asked for", () => {
    fc.assert(
      fc.property(strategies("no"), steps, (strategy, all) => {
        const { emitted } = played({ ...strategy, accumulating: false }, all);
        for (const { values, pane } of emitted) {
          const asked =
            (pane.timing === "ON_TIME" && strategy.onTimePaneAlways) || (pane.isLast && strategy.closingPaneAlways);
          assert.ok(values.length > 0 || asked);
        }
        if (!strategy.closingPaneAlways) return;
        for (const panes of byWindow(emitted)) assert.equal(panes.at(-1)!.pane.isLast, true);
      }),
      { numRuns: 300 },
    );
  });

  it("goes on from a copy as from itself", () => {
    for (const merging of ["no", "overlapping", "custom"] as const) {
      fc.assert(
        fc.property(strategies(merging), steps, (strategy, all) => {
          assert.deepEqual(played(strategy, all, true).texts, played(strategy, all).texts);
        }),
        { numRuns: 150 },
      );
    }
  });

  it("knows how much it holds, and holds nothing in the end", () => {
    for (const merging of ["no", "overlapping", "custom"] as const) {
      fc.assert(
        fc.property(strategies(merging), steps, (strategy, all) => {
          const test = new GroupingUnderTest(strategy, new WindowTable());
          for (const step of all) {
            test.happens(step);
            const held = test.grouping.copy().heldValues().flat().length;
            assert.ok(
              Math.abs(test.grouping.pendingBytes - 10 * held) < 1e-6,
              `${test.grouping.pendingBytes} for ${held}`,
            );
          }
          test.advance(MAX_TIMESTAMP);
          assert.ok(test.grouping.empty);
          assert.ok(Math.abs(test.grouping.pendingBytes) < 1e-6);
          assert.equal(test.grouping.hold, MAX_TIMESTAMP);
        }),
        { numRuns: 200 },
      );
    }
  });

  it("is asked again when its time has come, whatever other windows wait for", () => {
    fc.assert(
      fc.property(strategies("no"), steps, (strategy, all) => {
        // Some triggers fire at every look, which makes a difference only where empty panes are asked for.
        const quiet = { ...strategy, onTimePaneAlways: false, closingPaneAlways: false };
        const test = new GroupingUnderTest(quiet, new WindowTable());
        for (const step of all) {
          test.happens(step);
          // Nothing is left that a look at the clock would bring about before the instant it asks for.
          const { nextProcessingTime } = test.grouping;
          assert.ok(nextProcessingTime > test.now);
          const copy = test.grouping.copy();
          assert.equal(copy.nextProcessingTime, nextProcessingTime);
          assert.deepEqual(copy.tick(Math.min(nextProcessingTime - 1, test.now + 1000)), []);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("does the same for windows that only their function can merge as for those that the engine merges", () => {
    fc.assert(
      fc.property(strategies("overlapping"), steps, (strategy, all) => {
        // What is late is not dropped: which windows it belongs to, only the function could say.
        const own = { ...strategy, allowedLateness: 1000 };
        assert.deepEqual(
          played({ ...own, merging: "custom" }, all).texts.toSorted(),
          played(own, all).texts.toSorted(),
        );
      }),
      { numRuns: 500 },
    );
  });
});

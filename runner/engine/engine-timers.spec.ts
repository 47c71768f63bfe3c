import assert from "node:assert/strict";
import fc from "fast-check";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { Residual } from "../../portability/execution/stage.js";
import type { Timer, TimerChange } from "../../portability/execution/timer.js";
import type { StateAddress, StateChange } from "../../portability/execution/user-state.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { EngineCommand } from "./events.js";
import type { EngineGraph } from "./graph.js";
import { type Done, Harness, OPTIONS, onlyRun, type Run, SOURCE, STRATEGY, stage, texts } from "./testing.js";

const [EVENT, PROCESSING] = [0, 1];
const TIMERS = { timers: ["event-time", "processing-time"] as const };

/** A source, a stage with state and timers, and a sink behind it. */
function keyed(more = {}): EngineGraph {
  return {
    nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("keyed", ["a"], ["o"], [], { ...TIMERS, ...more })],
  };
}

function timer(window: InternedWindow, fire: number, more: Partial<Timer> = {}): Timer {
  return { family: EVENT!, key: "k", tag: "", window, fire, hold: fire, pane: NO_FIRING, ...more };
}

const set = (it: Timer): TimerChange => ({ address: it, timer: it });

function appended(address: StateAddress, ...values: unknown[]): StateChange {
  return { address, cleared: false, parts: new Map([["", { cleared: false, appended: values }]]) };
}

const cell = (window: InternedWindow, key = "k"): StateAddress => ({ state: 0, key, window });

describe("timers in the engine", () => {
  it("fire when the watermark has passed them, and not while anything before them waits", () => {
    const harness = new Harness(keyed());
    const window = harness.windows.interval(0, 100);
    harness.start();
    const left: Residual = { input: 0, batch: harness.element("more", 20), delay: 0 };
    const [first] = harness.finish(1, [harness.element("x", 3, "k", window)], [left]);
    assert.ok(first?.type === "run");
    assert.deepEqual(texts(harness.graph, harness.finish(2, [], [], { timers: [set(timer(window, 30))] })), []);
    // The source goes on to 25, then ends.
    const more: Residual = { input: 0, batch: harness.element("more", 40), delay: 0 };
    const log = texts(harness.graph, harness.finish(3, [harness.element("y", 25, "k", window)], [more]));
    assert.deepEqual(log, ['run 4: keyed "y"', 'run 5: source "more"']);
    assert.deepEqual(texts(harness.graph, harness.finish(4)), ["run 6: keyed @30"]);
    assert.deepEqual(texts(harness.graph, harness.finish(6)), []);
    assert.deepEqual(texts(harness.graph, harness.finish(5)), ["done"]);
  });

  it("come one after another where each sets the next", () => {
    const harness = new Harness(keyed());
    const window = harness.windows.global;
    harness.start();
    let commands = harness.finish(1, [harness.element("x", 3, "k", window)]);
    const log: string[] = [];
    for (let fire = 10; commands.at(-1)?.type !== "done"; fire += 10) {
      const run = onlyRun(commands);
      log.push(...texts(harness.graph, [run]).map((text) => text.replace(/.*: /, "")));
      commands = harness.finish(run.bundle, [], [], { timers: fire > 50 ? [] : [set(timer(window, fire))] });
    }
    assert.deepEqual(log, ['keyed "x"', "keyed @10", "keyed @20", "keyed @30", "keyed @40", "keyed @50"]);
  });

  it("and state are not there for elements of windows that have expired: those are dropped", () => {
    const harness = new Harness(keyed({ stateful: true, allowedLateness: 5 }));
    const [early, late] = [harness.windows.interval(0, 10), harness.windows.interval(10, 30)];
    const rest = (timestamp: number): Residual => ({ input: 0, batch: harness.element("rest", timestamp), delay: 0 });
    harness.start();
    // The source goes on at 14: the first window has ended, and is kept until 15.
    harness.finish(1, [harness.element("x", 3, "k", early)], [rest(14)]);
    harness.finish(2);
    const taken = harness.finish(3, [harness.element("late, in time", 4, "k", early)], [rest(15)]);
    assert.deepEqual(texts(harness.graph, taken), ['run 4: keyed "late, in time"', 'run 5: source "rest"']);
    harness.finish(4);
    const both = new Batch(
      ["too late", "in one", "in time"],
      ["k", "k", "k"],
      [4, 5, 15],
      [early, [early, late], late],
      { all: NO_FIRING },
      3,
    );
    const commands = harness.finish(5, [harness.element("too late", 4, "k", early), both]);
    assert.deepEqual(texts(harness.graph, commands), ['run 6: keyed "in one" "in time"']);
    assert.deepEqual(onlyRun(commands).work[0]!.batch.windows, [late, late]);
    assert.equal(harness.engine.droppedLate, 3);
  });

  it("are replaced and cleared by later bundles", () => {
    const harness = new Harness(keyed());
    const window = harness.windows.global;
    harness.start();
    const left: Residual = { input: 0, batch: harness.element("more", 5), delay: 0 };
    harness.finish(1, [harness.element("x", 3, "k", window)], [left]);
    const timers = [set(timer(window, 30)), set(timer(window, 40, { tag: "t" })), set(timer(window, 50, { key: "l" }))];
    harness.finish(2, [], [], { timers });
    harness.finish(3, [harness.element("y", 6, "k", window)]);
    const cleared: TimerChange = { address: timers[2]!.address, timer: undefined };
    const run = onlyRun(harness.finish(4, [], [], { timers: [set(timer(window, 35)), cleared] }));
    assert.deepEqual(
      run.timers.map(({ fire, tag }) => [fire, tag]),
      [[35, ""]],
    );
    assert.deepEqual(
      onlyRun(harness.finish(run.bundle)).timers.map(({ fire, tag }) => [fire, tag]),
      [[40, "t"]],
    );
  });

  it("hold back what comes after them to their output timestamp, until they have fired", () => {
    const group = { kind: "group-by-key", id: "group", input: "o", output: "g", strategy: STRATEGY } as const;
    const graph = { nodes: [...keyed().nodes, group, stage("sink", ["g"], [])] };
    const harness = new Harness(graph);
    const window = harness.windows.global;
    harness.start();
    harness.now = 5;
    harness.finish(1, [harness.element("x", 3, "k", window)]);
    const held = timer(window, 1000, { family: PROCESSING!, hold: 7 });
    // What it has output already is in a window that ends after the hold.
    const commands = harness.finish(2, [harness.element("early", 3, "k")], [], { timers: [set(held)] });
    assert.deepEqual(texts(graph, commands), ["wake"]);
    const run = onlyRun(harness.tick(1000));
    assert.deepEqual(run.timers, [held]);
    const last = onlyRun(harness.finish(run.bundle, [harness.element("late", 7, "k")]));
    assert.deepEqual(texts(graph, [last]), [`run ${last.bundle}: sink ["early","late"]`]);
  });

  it("of processing time fire when it has come, be the input at its end", () => {
    const harness = new Harness(keyed());
    const window = harness.windows.interval(0, 10);
    harness.start();
    harness.finish(1, [harness.element("x", 3, "k", window)]);
    const timers = [
      set(timer(window, 50, { family: PROCESSING! })),
      set(timer(window, 40, { family: PROCESSING!, tag: "t" })),
    ];
    const [wake, ...others] = harness.finish(2, [], [], { timers, state: [appended(cell(window), 7)] });
    assert.deepEqual([wake, others], [{ type: "wake", at: 40 }, []]);
    assert.deepEqual(harness.tick(39), []);
    const first = onlyRun(harness.tick(40));
    assert.deepEqual(
      first.timers.map(({ fire }) => fire),
      [40],
    );
    // State is there for as long as a timer may ask for it.
    assert.deepEqual(first.state.read(cell(window))?.get(""), [7]);
    assert.deepEqual(harness.finish(first.bundle), [{ type: "wake", at: 50 }]);
    const second = onlyRun(harness.tick(50));
    assert.deepEqual(second.state.read(cell(window))?.get(""), [7]);
    assert.deepEqual(texts(harness.graph, harness.finish(second.bundle)), ["done"]);
  });

  it("are forgotten with their window, and so is its state", () => {
    const harness = new Harness(keyed({ allowedLateness: 5 }));
    const [first, second] = [harness.windows.interval(0, 10), harness.windows.interval(10, 20)];
    harness.start();
    const left = (at: number): Residual => ({ input: 0, batch: harness.element("more", at), delay: 0 });
    harness.finish(1, [harness.element("x", 3, "k", first)], [left(12)]);
    const late = timer(first, 10_000, { family: PROCESSING! });
    harness.finish(2, [], [], { timers: [set(late)], state: [appended(cell(first), 1), appended(cell(second), 2)] });
    const states = (run: Run): unknown[] => [first, second].map((it) => run.state.read(cell(it))?.get(""));
    // The window ended at 10, but takes elements until 15.
    const [run, source] = harness.finish(3, [harness.element("y", 13, "k", second)], [left(14)]) as [Run, Run];
    assert.deepEqual(states(run), [[1], [2]]);
    harness.finish(run.bundle);
    const next = harness.finish(source.bundle, [harness.element("z", 15, "k", second)], [left(16)]) as [Run, Run];
    harness.finish(next[0].bundle);
    const end = harness.finish(next[1].bundle, [harness.element("z", 17, "k", second)]) as [Run];
    assert.deepEqual(states(end[0]), [undefined, [2]]);
    // With it went the timer: nothing is left to wait for.
    assert.deepEqual(texts(harness.graph, harness.finish(end[0].bundle)), ["done"]);
  });

  it("and state of a bundle that was lost are as they were when it runs again", () => {
    const graph = keyed();
    const harness = new Harness(graph, { ...OPTIONS, maxBundleElements: 1 });
    const window = harness.windows.interval(0, 10);
    harness.start();
    const left: Residual = { input: 0, batch: harness.element("more", 30), delay: 0 };
    harness.finish(1, [harness.element("x", 3, "k", window)], [left]);
    // The source ends while the timer is out.
    const timers = [set(timer(window, 9))];
    const source = harness.finish(2, [], [], { timers, state: [appended(cell(window), 7)] });
    assert.deepEqual(texts(graph, source), ["run 4: keyed @9"]);
    const fired = onlyRun(source);
    harness.finish(3);
    assert.deepEqual(fired.state.read(cell(window))?.get(""), [7]);
    const again = onlyRun(harness.step({ type: "lost", bundle: fired.bundle }));
    assert.equal(again.attempt, 1);
    assert.deepEqual(again.timers, fired.timers);
    assert.deepEqual(again.state.read(cell(window))?.get(""), [7]);
    assert.deepEqual(texts(graph, harness.finish(again.bundle)), ["done"]);
  });

  it("see state that is there when their bundle begins, and nobody sees what a bundle does before its commit", () => {
    const harness = new Harness(keyed());
    const window = harness.windows.interval(0, 10);
    harness.start();
    const left: Residual = { input: 0, batch: harness.element("more", 4), delay: 0 };
    const [run] = harness.finish(1, [harness.element("x", 3, "k", window)], [left]);
    assert.ok(run?.type === "run");
    const done: Done = { state: [appended(cell(window), 1)] };
    const commands = harness.finish(run.bundle, [], [], done);
    assert.deepEqual(run.state.read(cell(window))?.get(""), [1]);
    assert.deepEqual(commands, []);
  });
});

describe("a pipeline with state and timers", () => {
  /** What is done next, at random: a bundle finishes, wholly or in part, or is lost. */
  interface Choice {
    readonly which: number;
    readonly lost: boolean;
    readonly partly: boolean;
  }

  const choices = fc.array(
    fc.record({ which: fc.nat(), lost: fc.boolean(), partly: fc.boolean() }) as fc.Arbitrary<Choice>,
    { minLength: 5, maxLength: 60 },
  );
  const elements = fc.array(fc.record({ key: fc.constantFrom("a", "b"), timestamp: fc.nat({ max: 40 }) }), {
    maxLength: 12,
  });

  it("emits every element once, whatever is lost, cut short or copied", () => {
    fc.assert(
      fc.property(elements, choices, fc.boolean(), (all, order, copies) => {
        const graph = keyed();
        const harness = new Harness(graph, { ...OPTIONS, maxBundleElements: 3 });
        harness.copies = copies;
        const emitted: number[] = [];
        const open = new Map<number, Run>();
        let isDone = false;
        const take = (commands: readonly EngineCommand[]): void => {
          for (const command of commands) {
            if (command.type === "run") open.set(command.bundle, command);
            if (command.type === "done") isDone = true;
          }
        };
        take(harness.start());
        // The source emits some elements at a time; the stage keeps them until a timer five later, then emits them.
        let next = 0;
        const finish = (run: Run, partly: boolean): EngineCommand[] => {
          if (run.node === 1) {
            const to = partly ? Math.min(all.length, next + 2) : all.length;
            const outputs = all
              .slice(next, to)
              .map(({ key, timestamp }, i) => harness.element(next + i, timestamp, key));
            next = to;
            const left: Residual = { input: 0, batch: run.work[0]!.batch, delay: 0 };
            return harness.finish(run.bundle, outputs, to < all.length ? [left] : []);
          }
          const log = new Bundle(run);
          const residuals: Residual[] = [];
          for (const { input, batch } of run.work) {
            const count = partly ? Math.ceil(batch.count / 2) : batch.count;
            log.process(batch.slice(0, count));
            if (count < batch.count) residuals.push({ input, batch: batch.slice(count, batch.count), delay: 0 });
          }
          for (const fired of run.timers) log.fire(fired);
          emitted.push(...log.emitted);
          return harness.finish(run.bundle, [], residuals, { timers: log.timers, state: log.state });
        };
        for (let i = 0; !isDone; i++) {
          assert.ok(open.size > 0 && i < 2000, "nothing goes on");
          const { which, lost, partly } = order[i % order.length]!;
          const run = [...open.values()][which % open.size]!;
          open.delete(run.bundle);
          // A bundle may be lost often, but not for ever.
          if (lost && run.attempt < 3) take(harness.step({ type: "lost", bundle: run.bundle }));
          else take(finish(run, partly && run.attempt < 3));
        }
        assert.deepEqual(
          emitted.toSorted((a, b) => a - b),
          all.map((_, i) => i),
        );
        assert.equal(open.size, 0);
      }),
      { numRuns: 300 },
    );
  });
});

/** A bundle of a function that keeps elements and emits them when a timer fires. */
class Bundle {
  readonly emitted: number[] = [];
  readonly timers: TimerChange[] = [];
  readonly #cells = new Map<string, { address: StateAddress; cleared: boolean; values: number[] }>();

  constructor(readonly run: Run) {}

  #cell(key: string, window: InternedWindow) {
    const id = `${key} ${window.id}`;
    const before = this.#cells.get(id) ?? { address: cell(window, key), cleared: false, values: [] };
    this.#cells.set(id, before);
    return before;
  }

  process(batch: Batch): void {
    const { refs, keys, timestamps, windows } = batch.columns;
    refs.forEach((ref, i) => {
      const timestamp = "all" in timestamps ? timestamps.all : timestamps[i]!;
      const window = ("all" in windows ? windows.all : windows[i]!) as InternedWindow;
      const key = keys![i] as string;
      this.#cell(key, window).values.push(ref as number);
      const fire = Math.min(timestamp + 5, window.maxTimestamp);
      this.timers.push(set(timer(window, fire, { key, hold: fire })));
    });
  }

  fire({ key, window }: Timer): void {
    const held = this.#cell(key as string, window);
    const before = held.cleared ? [] : ((this.run.state.read(held.address)?.get("") ?? []) as number[]);
    this.emitted.push(...before, ...held.values);
    held.cleared = true;
    held.values = [];
  }

  get state(): StateChange[] {
    return [...this.#cells.values()].map(({ address, cleared, values }) => ({
      address,
      cleared,
      parts: new Map([["", { cleared: false, appended: values }]]),
    }));
  }
}

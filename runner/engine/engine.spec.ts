import assert from "node:assert/strict";
import { Batch } from "../../portability/execution/batch.js";
import { NO_FIRING } from "../../portability/execution/pane.js";
import type { Residual } from "../../portability/execution/stage.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { Engine } from "./engine.js";
import type { EngineCommand, EngineEvent, EngineOptions } from "./events.js";
import { Harness, OPTIONS, SOURCE, STRATEGY, stage, texts } from "./testing.js";

describe("Engine", () => {
  it("runs a chain of stages to its end", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("sink", ["a"], [])] };
    const harness = new Harness(graph);
    assert.deepEqual(texts(graph, harness.start()), ['run 1: source ""']);
    assert.deepEqual(texts(graph, harness.finish(1, [harness.batch([7, 8])])), ["run 2: sink 7 8"]);
    assert.deepEqual(texts(graph, harness.finish(2)), ["done"]);
  });

  it("shows nothing of a bundle before it is committed", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("sink", ["a"], [])] };
    const harness = new Harness(graph);
    harness.start();
    const result = {
      outputs: [{ output: 0, batch: harness.batch([7]) }],
      residuals: [],
      metrics: new MetricsContainer(),
    };
    assert.deepEqual(texts(graph, harness.engine.step({ type: "finished", bundle: 1, result })), ["commit"]);
    assert.deepEqual(texts(graph, harness.engine.step({ type: "tick", now: 5 })), []);
  });

  it("runs a lost bundle again as it was, counting its attempts", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], [])] };
    const harness = new Harness(graph);
    harness.start();
    const [again] = harness.engine.step({ type: "lost", bundle: 1 });
    assert.ok(again?.type === "run");
    assert.equal(again.attempt, 1);
    assert.deepEqual(texts(graph, [again]), ['run 2: source ""']);
    assert.deepEqual(texts(graph, harness.finish(2)), ["done"]);
  });

  it("goes on with what a bundle has left over", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("sink", ["a"], [])] };
    const harness = new Harness(graph);
    harness.start();
    harness.finish(1, [harness.batch([1, 2, 3])]);
    const left: Residual = { input: 0, batch: harness.batch([2, 3]), delay: 0 };
    assert.deepEqual(texts(graph, harness.finish(2, [], [left])), ["run 3: sink 2 3"]);
  });

  it("puts delayed work off until its time has come", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], [])] };
    const harness = new Harness(graph);
    harness.start();
    const left: Residual = { input: 0, batch: harness.batch(["later"]), delay: 50 };
    assert.deepEqual(texts(graph, harness.finish(1, [], [left])), ["wake"]);
    assert.deepEqual(texts(graph, harness.engine.step({ type: "tick", now: 49 })), []);
    assert.deepEqual(texts(graph, harness.engine.step({ type: "tick", now: 50 })), ['run 2: source "later"']);
  });

  it("asks for accumulators to be merged before anything else, where many have come", () => {
    const group = { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const;
    const graph = {
      nodes: [SOURCE, stage("source", ["i"], ["a"]), { ...group, accumulators: true }, stage("sink", ["g"], [])],
    };
    const harness = new Harness(graph);
    harness.start();
    const left: Residual = { input: 0, batch: harness.batch(["more"]), delay: 0 };
    const many = Array.from({ length: 200_000 }, () => 1);
    const commands = harness.finish(
      1,
      [
        harness.batch(
          many,
          many.map((_, i) => `k${i % 2}`),
        ),
      ],
      [left],
    );
    assert.deepEqual(texts(graph, commands), ["merge-accumulators"]);
    const merged = [100_000, 100_000];
    const next = harness.step({ type: "accumulators-merged", node: 2, merged });
    assert.deepEqual(texts(graph, next), ['run 2: source "more"']);
    assert.deepEqual(texts(graph, harness.finish(2, [harness.batch([7], ["k1"])])), [
      "run 3: sink [100000] [100000,7]",
    ]);
  });

  it("tells what each stage and grouping has before it, and how far it has come", () => {
    const group = { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const;
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), group, stage("sink", ["a"], [])] };
    const harness = new Harness(graph, { ...OPTIONS, maxOpenBundles: 1 });
    harness.start();
    const more = (value: string, delay: number, watermark: number): Residual => {
      return { input: 0, batch: harness.batch([value]), delay, watermark };
    };
    const grown = harness.batch([1, 2], ["k", "l"], 20);
    harness.finish(1, [grown], [more("rest", 0, 0), more("later", 50, 7)]);
    assert.deepEqual(
      harness.engine.backlog.map(({ id, elements, bytes, bundles }) => [id, elements, bytes, bundles]),
      [
        ["source", 2, 1, 0],
        ["group", 0, 20, 0],
        ["sink", 0, 0, 1],
      ],
    );
    harness.finish(2);
    harness.finish(3);
    assert.deepEqual(
      harness.engine.backlog.map(({ id, watermark }) => [id, watermark]),
      [
        ["source", 7],
        ["group", 7],
        ["sink", 7],
      ],
    );
  });

  describe("where a stage may have two bundles out", () => {
    const graph = {
      nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("sink", ["a"], ["b"], [], { parallelism: 2 })],
    };

    /** The sink has a bundle of three elements out, number 2; the source goes on. */
    function begun(options: Partial<EngineOptions> = {}): Harness {
      const harness = new Harness(graph, { ...OPTIONS, ...options });
      harness.copies = true;
      harness.start();
      const more: Residual = { input: 0, batch: harness.batch(["more"]), delay: 0 };
      const commands = harness.finish(1, [harness.batch([1, 2, 3])], [more]);
      assert.deepEqual(texts(graph, commands), ["run 2: sink 1 2 3", 'run 3: source "more"']);
      return harness;
    }

    it("lets elements wait for the bundle before them, as long as it is not slow", () => {
      const harness = begun();
      assert.deepEqual(texts(graph, harness.finish(3, [harness.batch([4])])), []);
      assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 2, waits: false })), ["run 4: sink 4"]);
    });

    it("begins another at once where there is work for more than one", () => {
      const harness = begun({ maxBundleBytes: 2 });
      assert.deepEqual(texts(graph, harness.finish(3, [harness.batch([4, 5])])), ["run 4: sink 4 5"]);
    });

    it("has a slow bundle share its work when there is no other, and runs what it gives away", () => {
      const harness = begun();
      harness.finish(3);
      assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 2, waits: false })), ["split 2: sink"]);
      const split = (kept: number[], left: number[]): EngineEvent => ({
        type: "split",
        bundle: 2,
        split: {
          kept: [{ input: 0, batch: harness.batch(kept) }],
          residuals: [{ input: 0, batch: harness.batch(left), delay: 0 }],
        },
      });
      assert.deepEqual(texts(graph, harness.step(split([1, 2], [3]))), ["run 4: sink 3"]);
      // The other one is ready first: there is still something to share.
      assert.deepEqual(texts(graph, harness.finish(4)), ["split 2: sink"]);
      assert.deepEqual(texts(graph, harness.step(split([1], [2]))), ["run 5: sink 2"]);
      // What it has given away is not done again with it.
      assert.deepEqual(texts(graph, harness.step({ type: "lost", bundle: 2 })), ["run 6: sink 1"]);
      harness.finish(5);
      assert.deepEqual(texts(graph, harness.finish(6)), ["done"]);
    });

    it("does not move the watermark past what has been given away", () => {
      const harness = begun();
      harness.finish(3);
      harness.step({ type: "slow", bundle: 2, waits: false });
      const residuals = [{ input: 0, batch: harness.element(3, 30), delay: 50 }];
      harness.step({ type: "split", bundle: 2, split: { kept: [], residuals } });
      harness.finish(2);
      assert.equal(harness.engine.snapshot().watermarks[2], 30);
    });

    it("takes no notice of a bundle that has come to its end before it was slow", () => {
      const harness = begun();
      harness.finish(2);
      assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 2, waits: false })), []);
    });
  });

  it("has more bundles out than could compute while all of them wait", () => {
    const sink = stage("sink", ["a"], ["b"], [], { parallelism: 1, waiting: 3 });
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), sink] };
    const harness = new Harness(graph);
    harness.copies = true;
    harness.start();
    const more: Residual = { input: 0, batch: harness.batch(["more"]), delay: 0 };
    const commands = harness.finish(1, [harness.batch([1])], [more]);
    assert.deepEqual(texts(graph, commands), ["run 2: sink 1", 'run 3: source "more"']);
    harness.finish(3, [harness.batch([2])], [more]);
    assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 2, waits: false })), [], "it computes");
    assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 2, waits: true })), ["run 5: sink 2"]);
    assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 5, waits: true })), ["split 2: sink"]);
    const residuals = [{ input: 0, batch: harness.batch([3]), delay: 0 }];
    const split = harness.step({ type: "split", bundle: 2, split: { kept: [], residuals } });
    assert.deepEqual(texts(graph, split), ["run 6: sink 3"]);
    assert.deepEqual(texts(graph, harness.step({ type: "slow", bundle: 6, waits: true })), [], "there are three");
  });

  it("groups when everything upstream is done, and not while a bundle is out", () => {
    const group = { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const;
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), group, stage("sink", ["g"], [])] };
    const harness = new Harness(graph);
    harness.start();
    const left: Residual = { input: 0, batch: harness.batch(["more"]), delay: 0 };
    const first = harness.finish(1, [harness.batch([1, 2], ["k", "l"])], [left]);
    assert.deepEqual(texts(graph, first), ['run 2: source "more"']);
    assert.deepEqual(texts(graph, harness.finish(2, [harness.batch([3], ["k"])])), ["run 3: sink [1,3] [2]"]);
    assert.deepEqual(texts(graph, harness.finish(3)), ["done"]);
  });

  it("holds a stage back until its side input is complete", () => {
    const graph = {
      nodes: [
        SOURCE,
        stage("side source", ["i"], ["s"]),
        stage("main source", ["i"], ["m"]),
        stage("reader", ["m"], [], ["s"]),
      ],
    };
    const harness = new Harness(graph);
    assert.deepEqual(texts(graph, harness.start()), ['run 1: main source ""', 'run 2: side source ""']);
    assert.deepEqual(texts(graph, harness.finish(1, [harness.batch([5])])), []);
    const [run] = harness.finish(2, [harness.batch(["seen"])]);
    assert.ok(run?.type === "run");
    assert.deepEqual(texts(graph, [run]), ["run 3: reader 5"]);
    const contents = run.sideInputs[0]!.get(harness.windows.global)!;
    assert.deepEqual(
      contents.map(({ columns }) => columns.refs),
      [["seen"]],
    );
  });

  it("cuts bundles at their most elements", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("sink", ["a"], [])] };
    const harness = new Harness(graph, { ...OPTIONS, maxBundleElements: 2 });
    harness.start();
    assert.deepEqual(texts(graph, harness.finish(1, [harness.batch([1, 2, 3])])), ["run 2: sink 1 2"]);
    assert.deepEqual(texts(graph, harness.finish(2)), ["run 3: sink 3"]);
  });

  it("has one bundle of a stage out at a time, and finishes what is nearest the end first", () => {
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("sink", ["a"], [])] };
    const harness = new Harness(graph, { ...OPTIONS, maxBundleElements: 1 });
    harness.start();
    const left: Residual = { input: 0, batch: harness.batch(["more"]), delay: 0 };
    const both = harness.finish(1, [harness.batch([1, 2])], [left]);
    assert.deepEqual(texts(graph, both), ["run 2: sink 1", 'run 3: source "more"']);
    assert.deepEqual(texts(graph, harness.finish(3)), []);
    assert.deepEqual(texts(graph, harness.finish(2)), ["run 4: sink 2"]);
  });

  it("has the largest store moved out of memory when all are too large, before it runs anything else", () => {
    const group = { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const;
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), group, stage("sink", ["g"], [])] };
    const harness = new Harness(graph, { ...OPTIONS, memoryBudget: 100 });
    harness.start();
    const left: Residual = { input: 0, batch: harness.batch(["more"], undefined, 4), delay: 0 };
    const [store, ...others] = harness.finish(1, [harness.batch([1, 2], ["k", "l"], 120)], [left]);
    assert.deepEqual(others, []);
    assert.ok(store?.type === "store-groups");
    assert.deepEqual(store.values, [[1], [2]]);
    const next = harness.engine.step({ type: "groups-stored", node: store.node, stored: [[1], [2]] });
    assert.deepEqual(texts(graph, next), ['run 2: source "more"']);
    const [run] = harness.finish(2, [harness.batch([3], ["k"])]);
    assert.ok(run?.type === "run");
    const groups = run.work[0]!.batch.columns.refs as Iterable<unknown>[];
    assert.deepEqual(
      groups.map((group) => [...group]),
      [[1, 3], [2]],
    );
  });

  it("moves the watermark of a bounded PCollection once, when it is complete", () => {
    const group = { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const;
    const nodes = [
      SOURCE,
      stage("early", ["i"], ["e"]),
      stage("source", ["e"], ["a"]),
      group,
      stage("sink", ["g"], []),
    ];
    const fired = (bounded: ReadonlySet<string>): string[] => {
      const graph = { nodes, bounded };
      const harness = new Harness(graph);
      const at = (timestamp: number): Batch => {
        const window = { all: harness.windows.interval(0, 10) };
        return new Batch([timestamp], ["k"], { all: timestamp }, window, { all: NO_FIRING }, 1);
      };
      harness.start();
      harness.finish(1, [at(5), at(50)]);
      // The second element's timestamp is moved back into a window that the watermark has passed.
      const left: Residual = { input: 0, batch: at(50), delay: 0 };
      const log = texts(graph, harness.finish(2, [at(5)], [left]));
      for (let bundle = 3; log.at(-1) !== "done"; bundle++) {
        const isSource = log.some((text) => text.startsWith(`run ${bundle}: source`));
        log.push(...texts(graph, harness.finish(bundle, isSource ? [at(6)] : [])));
      }
      return log.filter((text) => text.includes("sink")).map((text) => text.replace(/.*: /, ""));
    };
    assert.deepEqual(fired(new Set(["e", "a", "g"])), ["sink [5,6]"]);
    assert.deepEqual(fired(new Set()), ["sink [5]"]);
  });

  it("flattens PCollections, one that is named twice twice", () => {
    const flatten = { kind: "flatten", id: "flatten", inputs: ["a", "a"], output: "f" } as const;
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), flatten, stage("sink", ["f"], [])] };
    const harness = new Harness(graph);
    harness.start();
    assert.deepEqual(texts(graph, harness.finish(1, [harness.batch([1])])), ["run 2: sink 1 1"]);
  });

  it("goes on from a copy of its state as from itself, at every event", () => {
    const group = { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const;
    const graph = { nodes: [SOURCE, stage("source", ["i"], ["a"]), group, stage("sink", ["g"], [])] };
    const run = (copying: boolean): string[] => {
      const harness = new Harness(graph);
      const log: string[] = [];
      const note = (commands: readonly EngineCommand[]): void => {
        log.push(...texts(graph, commands));
        if (copying) harness.engine = new Engine(graph, harness.windows, OPTIONS, harness.engine.snapshot());
      };
      note(harness.start());
      note(harness.finish(1, [harness.batch([1, 2], ["k", "l"])]));
      note(harness.engine.step({ type: "lost", bundle: 2 }));
      note(harness.finish(3));
      return log;
    };
    assert.deepEqual(run(true), run(false));
    assert.equal(run(true).at(-1), "done");
  });

  it("says so if nothing can run and yet there is something to do", () => {
    const graph = { nodes: [SOURCE, stage("reader", ["i"], ["s"], ["s"])] };
    const harness = new Harness(graph);
    assert.throws(() => harness.start(), /"reader" has not ended/);
  });
});

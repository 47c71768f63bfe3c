import assert from "node:assert/strict";
import type { Residual } from "../../portability/execution/stage.js";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import type { EngineOptions } from "./events.js";
import { Harness, OPTIONS, onlyRun, SOURCE, STRATEGY, stage, texts } from "./testing.js";

/** A source whose numbers are grouped in windows of ten. */
const GROUPED = {
  nodes: [
    SOURCE,
    stage("source", ["i"], ["a"]),
    { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const,
    stage("sink", ["g"], []),
  ],
};

/** A source before a stage that it may run away from. */
const CHAIN = { nodes: [SOURCE, stage("source", ["i"], ["a"]), stage("slow", ["a"], ["b"]), stage("sink", ["b"], [])] };

function limited(more: Partial<EngineOptions>): Harness {
  return new Harness(CHAIN, { ...OPTIONS, ...more });
}

const rest = (harness: Harness, more: Partial<Residual> = {}): Residual => ({
  input: 0,
  batch: harness.batch(["more"]),
  delay: 0,
  ...more,
});

describe("Engine, of sources that do not end", () => {
  for (const copies of [false, true]) {
    it(`moves the watermark on to what the rest of a source may still output${copies ? ", copied or not" : ""}`, () => {
      const harness = new Harness(GROUPED);
      harness.copies = copies;
      harness.start();
      const first = harness.finish(1, [harness.element(1, 5, "k")], [rest(harness, { watermark: 8 })]);
      assert.deepEqual(texts(GROUPED, first), ['run 2: source "more"']);
      const second = harness.finish(2, [harness.element(2, 12, "k")], [rest(harness, { watermark: 12 })]);
      assert.deepEqual(texts(GROUPED, second), ["run 3: sink [1]", 'run 4: source "more"']);
    });
  }

  it("holds the watermark while the rest waits, runs, is delayed, and runs again", () => {
    const harness = new Harness(GROUPED);
    harness.start();
    const value = harness.element(1, 5, "k");
    const delayed = harness.finish(1, [value], [rest(harness, { watermark: 9, delay: 50 })]);
    assert.deepEqual(texts(GROUPED, delayed), ["wake"]);
    const { bundle } = onlyRun(harness.tick(50));
    assert.deepEqual(texts(GROUPED, harness.step({ type: "lost", bundle })), ['run 3: source "more"']);
    assert.deepEqual(texts(GROUPED, harness.finish(3, [], [rest(harness, { watermark: 20 })])), [
      "run 4: sink [1]",
      'run 5: source "more"',
    ]);
  });

  it("ends a source that never ends where it has nothing to do for now, if it is to", () => {
    const harness = new Harness(GROUPED, { ...OPTIONS, untilAvailable: true });
    harness.start();
    const value = harness.element(1, 5, "k");
    const left = [
      rest(harness, { bounded: false, delay: 50, watermark: 6 }),
      rest(harness, { bounded: true, delay: 20, watermark: MAX_TIMESTAMP }),
      rest(harness, { bounded: false, watermark: 5 }),
    ];
    assert.deepEqual(texts(GROUPED, harness.finish(1, [value], left)), ["wake", 'run 2: source "more"']);
    assert.deepEqual(texts(GROUPED, harness.finish(2)), ["run 3: sink [1]"]);
    harness.finish(3);
    assert.deepEqual(texts(GROUPED, harness.tick(20)), ['run 4: source "more"']);
    assert.deepEqual(texts(GROUPED, harness.finish(4)), ["done"]);
  });

  it("gives a source nothing to do while those that read it are behind, and at work", () => {
    const harness = limited({ maxDownstreamBytes: 10, maxBundleElements: 1 });
    harness.start();
    const much = harness.batch([1, 2, 3], undefined, 30);
    const ahead = harness.finish(1, [much], [rest(harness)]);
    assert.deepEqual(texts(CHAIN, ahead), ["run 2: slow 1"], "30 bytes wait or are in hand");
    assert.deepEqual(texts(CHAIN, harness.finish(2)), ["run 3: slow 2"], "20 bytes");
    assert.deepEqual(texts(CHAIN, harness.finish(3)), ["run 4: slow 3", 'run 5: source "more"'], "10 bytes");
    assert.deepEqual(texts(CHAIN, harness.finish(5, [much], [rest(harness)])), []);
    assert.deepEqual(texts(CHAIN, harness.finish(4)), ["run 6: slow 1"]);
  });

  it("counts what waits anywhere behind a source, and lets stages in between work", () => {
    const harness = limited({ maxDownstreamBytes: 10, maxBundleElements: 1 });
    harness.start();
    harness.finish(1, [harness.batch([1, 2], undefined, 2)], [rest(harness)]);
    const between = harness.finish(2, [harness.batch([7, 8], undefined, 40)]);
    assert.deepEqual(texts(CHAIN, between), ["run 4: sink 7"], "slow is ahead of the sink, too");
    assert.deepEqual(texts(CHAIN, harness.finish(3, [], [rest(harness)])), [], "the source that was at work waits now");
    assert.deepEqual(texts(CHAIN, harness.finish(4)), ["run 5: sink 8"]);
    assert.deepEqual(texts(CHAIN, harness.finish(5)), ["run 6: slow 2", 'run 7: source "more"']);
  });

  it("goes on with a source whose readers wait for something else", () => {
    const nodes = [SOURCE, stage("source", ["i"], ["a", "s"]), stage("reader", ["a"], [], ["s"])];
    const graph = { nodes };
    const harness = new Harness(graph, { ...OPTIONS, maxDownstreamBytes: 10 });
    harness.start();
    const much = harness.batch([1, 2], undefined, 30);
    assert.deepEqual(texts(graph, harness.finish(1, [much], [rest(harness)])), ['run 2: source "more"']);
    assert.deepEqual(texts(graph, harness.finish(2)), ["run 3: reader 1 2"]);
  });

  it("keeps pending bytes below the limit and one bundle's outputs, for as long as a source runs", () => {
    const harness = limited({ maxDownstreamBytes: 50, maxBundleElements: 2 });
    let commands = harness.start();
    let most = 0;
    const open: { readonly bundle: number; readonly id: string }[] = [];
    for (let turn = 0; turn < 2000; turn++) {
      for (const command of commands) {
        if (command.type === "run") open.push({ bundle: command.bundle, id: CHAIN.nodes[command.node]!.id });
      }
      // The source is always the first to be finished.
      const next = open.findIndex(({ id }) => id === "source");
      const [{ bundle, id } = { bundle: 0, id: "" }] = open.splice(Math.max(0, next), 1);
      const outputs = id === "sink" ? [] : [harness.batch([1, 2, 3, 4], undefined, id === "source" ? 40 : 1)];
      commands = harness.finish(bundle, outputs, id === "source" ? [rest(harness, { bounded: false })] : []);
      const { stages } = harness.engine.snapshot();
      most = Math.max(
        most,
        stages.reduce((sum, it) => sum + (it?.pendingBytes ?? 0), 0),
      );
    }
    assert.ok(most > 50 && most <= 90 + 4, `${most} bytes waited at most`);
  });
});

import assert from "node:assert/strict";
import type { Residual } from "../../portability/execution/stage.js";
import { MAX_TIMESTAMP } from "../../portability/execution/time.js";
import { Harness, SOURCE, STRATEGY, stage, texts } from "./testing.js";

const graph = {
  nodes: [
    SOURCE,
    stage("split", ["i"], ["parts"]),
    stage("truncate", ["parts"], ["truncated"], [], { truncating: true }),
    stage("read", ["truncated"], ["a"]),
    { kind: "group-by-key", id: "group", input: "a", output: "g", strategy: STRATEGY } as const,
    stage("sink", ["g"], []),
  ],
};

describe("Engine, when a job is drained", () => {
  function start(): Harness {
    const harness = new Harness(graph);
    harness.copies = true;
    harness.start();
    return harness;
  }

  /** A job whose source, bundle 2, is reading two parts. */
  function reading(): Harness {
    const harness = start();
    const commands = harness.finish(1, [harness.batch(["p", "q"])]);
    assert.deepEqual(texts(graph, commands), ['run 2: read "p" "q"']);
    return harness;
  }

  const left = (harness: Harness, part: string, delay = 0): Residual => ({
    input: 0,
    batch: harness.batch([part]),
    delay,
  });
  const end = (harness: Harness): number => harness.engine.snapshot().watermarks[3]!;

  it("has parts truncated before they are read", () => {
    const harness = start();
    assert.deepEqual(texts(graph, harness.step({ type: "drain" })), []);
    assert.deepEqual(texts(graph, harness.finish(1, [harness.batch(["p"])])), ['run 2: truncate "p"']);
    assert.deepEqual(texts(graph, harness.finish(2, [harness.batch(["short p"])])), ['run 3: read "short p"']);
    assert.deepEqual(texts(graph, harness.finish(3)), ["done"]);
  });

  it("has truncated what a bundle leaves over that was out already, and closes windows only then", () => {
    const harness = reading();
    harness.step({ type: "drain" });
    const rest = left(harness, "rest of p");
    const commands = harness.finish(2, [harness.batch([1], ["k"])], [rest]);
    assert.deepEqual(texts(graph, commands), ['run 3: truncate "rest of p"']);
    assert.ok(end(harness) < MAX_TIMESTAMP);
    assert.deepEqual(texts(graph, harness.finish(3, [harness.batch(["p, ended"])])), ['run 4: read "p, ended"']);
    assert.ok(end(harness) < MAX_TIMESTAMP);
    assert.deepEqual(texts(graph, harness.finish(4, [harness.batch([2], ["k"])])), ["run 5: sink [1,2]"]);
    assert.deepEqual(texts(graph, harness.finish(5)), ["done"]);
  });

  it("ends where nothing is left of what was truncated", () => {
    const harness = reading();
    harness.step({ type: "drain" });
    harness.finish(2, [harness.batch([1], ["k"])], [left(harness, "for ever")]);
    assert.deepEqual(texts(graph, harness.finish(3)), ["run 4: sink [1]"]);
  });

  it("does not wait for what was put off", () => {
    const harness = reading();
    harness.finish(2, [], [left(harness, "later", 1e9)]);
    assert.deepEqual(texts(graph, harness.step({ type: "drain" })), ['run 3: truncate "later"']);
  });

  it("truncates once: what is left over of truncated parts is read on", () => {
    const harness = reading();
    harness.step({ type: "drain" });
    harness.finish(2, [], [left(harness, "rest")]);
    harness.finish(3, [harness.batch(["short"])]);
    assert.deepEqual(texts(graph, harness.finish(4, [], [left(harness, "shorter")])), ['run 5: read "shorter"']);
    // To be asked again changes nothing.
    assert.deepEqual(texts(graph, harness.step({ type: "drain" })), []);
  });

  it("has truncated what a lost bundle was to do", () => {
    const harness = reading();
    harness.step({ type: "drain" });
    assert.deepEqual(texts(graph, harness.step({ type: "lost", bundle: 2 })), ['run 3: truncate "p" "q"']);
  });

  it("leaves out what test streams have not said yet", () => {
    const scripted = {
      nodes: [{ kind: "scripted", id: "test", output: "s" } as const, stage("sink", ["s"], [])],
    };
    const harness = new Harness(scripted);
    const elements = (value: string) => ({ kind: "elements" as const, node: 0, batch: harness.batch([value]) });
    const test = new Harness({ ...scripted, testStreams: [[elements("first"), elements("second")]] });
    assert.deepEqual(texts(scripted, test.start()), ['run 1: sink "first"']);
    test.step({ type: "drain" });
    assert.deepEqual(texts(scripted, test.finish(1)), ["done"]);
  });
});

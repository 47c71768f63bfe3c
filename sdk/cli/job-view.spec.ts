import assert from "node:assert/strict";
import { jobLine, jobView } from "./job-view.js";

describe("what is shown of a job elsewhere", () => {
  function shown(isTTY: boolean) {
    const written: string[] = [];
    const clock = { ms: 0 };
    const stream = { isTTY, write: (text: string) => written.push(text) > 0 };
    return { view: jobView(stream as never, () => clock.ms), written, clock };
  }

  it("is its state, what it has counted and how long it takes", () => {
    assert.equal(jobLine({ state: "RUNNING" }, 1.25), "girder: RUNNING  1.3 s");
    assert.equal(
      jobLine({ state: "RUNNING", elements: 12345, stages: { done: 1, total: 3 } }, 2),
      "girder: RUNNING  1/3 stages  12,345 elements  2.0 s",
    );
  });

  it("in a log is a line now and then, and the last", () => {
    const { view, written, clock } = shown(false);
    view.update({ state: "STARTING" });
    view.update({ state: "RUNNING" });
    clock.ms = 1000;
    view.update({ state: "RUNNING", elements: 5 });
    clock.ms = 6000;
    view.update({ state: "RUNNING", elements: 7 });
    view.update({ state: "DONE" });
    view.end();
    assert.deepEqual(written, ["girder: RUNNING  7 elements  6.0 s\n", "girder: DONE  7 elements  6.0 s\n"]);
  });

  it("are the first lines of the runner's messages, but not those for its developers, nor the error that follows", () => {
    const { view, written } = shown(false);
    view.message({ importance: "debug", text: "a" });
    view.message({ importance: "detailed", text: "b" });
    view.message({ importance: "basic", text: "c\n" });
    view.message({ importance: "warning", text: "d\n  at e" });
    view.message({ importance: "error", text: "e" });
    assert.deepEqual(written, ["c\n", "warning: d\n"]);
  });

  it("on a terminal is one line, below the messages", () => {
    const { view, written } = shown(true);
    view.update({ state: "RUNNING", elements: 1 });
    view.message({ importance: "basic", text: "hello" });
    view.end();
    assert.deepEqual(written, [
      "\r\x1b[2Kgirder: RUNNING  1 elements  0.0 s",
      "\r\x1b[2Khello\ngirder: RUNNING  1 elements  0.0 s",
      "\n",
    ]);
  });
});

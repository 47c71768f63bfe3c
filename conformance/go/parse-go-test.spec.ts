import assert from "node:assert/strict";
import { categoryOf } from "./categories.js";
import { parseGoTest } from "./parse-go-test.js";

const events = (...all: readonly object[]): string => `${all.map((each) => JSON.stringify(each)).join("\n")}\n`;
const output = (...lines: readonly string[]) =>
  lines.map((line) => ({ Action: "output", Test: "TestA", Output: `${line}\n` }));

describe("what Go says of a test", () => {
  it("is its outcome and its own time", () => {
    const passed = events({ Action: "start" }, ...output("=== RUN   TestA"), {
      Action: "pass",
      Test: "TestA",
      Elapsed: 0.5,
    });
    assert.deepEqual(parseGoTest("TestA", passed, 2), { name: "TestA", outcome: "passed", seconds: 0.5, reason: "" });
    const skipped = events(
      ...output("    integration.go:280: Test TestA is filtered", "--- SKIP: TestA (0.00s)"),
      { Action: "skip", Test: "TestA", Elapsed: 0 },
      { Action: "pass" },
    );
    const { outcome, reason } = parseGoTest("TestA", skipped, 2);
    assert.deepEqual([outcome, reason], ["skipped", "integration.go:280: Test TestA is filtered"]);
  });

  it("is why it failed, without what was logged before", () => {
    const failed = events(
      ...output(
        "2026/11/23 04:43:47 INFO Starting job",
        "    flatten_test.go:27: Failed to execute job: no",
        "caused by:",
        "x",
      ),
      ...output("--- FAIL: TestA (0.31s)"),
      { Action: "fail", Test: "TestA/inner", Elapsed: 0.1 },
      { Action: "fail", Test: "TestA", Elapsed: 0.31 },
      { Action: "fail", Elapsed: 0.4 },
    );
    assert.deepEqual(parseGoTest("TestA", failed, 2), {
      name: "TestA",
      outcome: "failed",
      seconds: 0.31,
      reason: "flatten_test.go:27: Failed to execute job: no\ncaused by:\nx",
    });
  });

  it("is that it took too long", () => {
    const late = events(
      ...output(
        "INFO Starting job",
        "panic: test timed out after 30s",
        "\trunning tests:",
        "\t\tTestA (30s)",
        "goroutine 1",
      ),
      { Action: "fail", Test: "TestA", Elapsed: 30 },
    );
    assert.equal(parseGoTest("TestA", late, 31).reason, "test timed out after 30s");
  });

  it("is a failure where its process broke off", () => {
    const cut = `${events(...output("=== RUN   TestA"))}{"Action":"outp`;
    const { outcome, reason, seconds } = parseGoTest("TestA", cut, 3);
    assert.deepEqual([outcome, reason, seconds], ["failed", "the test's process died", 3]);
  });
});

describe("tests of Go", () => {
  it("about event time are counted apart", () => {
    const names = [
      "TestFlatten",
      "TestTestStreamToGBK",
      "TestTimers_EventTime_Bounded",
      "TestTriggerNever",
      "TestWindowSums_GBK",
    ];
    assert.deepEqual(names.map(categoryOf), ["Primitives", "TestStream", "Timers", "Triggers", "Primitives"]);
  });
});

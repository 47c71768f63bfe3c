import assert from "node:assert/strict";
import { disturbedTests, type Ended } from "./disturbed.js";

const ended = (name: string, outcome: "passed" | "failed", seconds: number, at: number): Ended => ({
  result: { name, outcome, seconds, reason: "" },
  at,
});

describe("a test is run again", () => {
  it("where it failed and the job service ended about its time", () => {
    const all = [
      ended("before", "failed", 10, 20_000),
      ended("while it went down", "failed", 1, 26_000),
      ended("during", "failed", 10, 35_000),
      ended("passed all the same", "passed", 10, 35_000),
      ended("while it came up", "failed", 1, 34_000),
      ended("after", "failed", 1, 60_000),
    ];
    assert.deepEqual(disturbedTests(all, [30_000]), ["while it went down", "during", "while it came up"]);
    assert.deepEqual(disturbedTests(all, []), []);
  });
});

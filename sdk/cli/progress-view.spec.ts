import assert from "node:assert/strict";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { Progress } from "../../runner/execution/progress.js";
import { backlogText, progressLine } from "./progress-view.js";

const NOW = Date.UTC(2026, 0, 1);

function progress(...backlog: readonly { readonly watermark: number; readonly elements: number }[]): Progress {
  return {
    elements: new Map([
      ["a", 1500],
      ["b", 500],
    ]),
    bundles: 3,
    stages: { done: 1, total: 2 },
    backlog: backlog.map((each, i) => ({ id: `stage ${i}`, bytes: 0, bundles: 0, ...each })),
  };
}

describe("what is told of a job's progress", () => {
  it("is its stages, elements and rate", () => {
    assert.equal(progressLine(progress(), 2), "[██████████░░░░░░░░░░] 1/2 stages  2,000 elements  1,000/s  2.0 s");
  });

  it("is what waits, and how far the slowest watermark is behind the clock", () => {
    const behind = progress({ watermark: NOW - 1500, elements: 0 }, { watermark: NOW - 300, elements: 12_000 });
    assert.equal(backlogText(behind, NOW), "  12,000 waiting  watermark 1.5 s behind");
  });

  it("is no lag where event time does not go by the clock", () => {
    for (const watermark of [MIN_TIMESTAMP, MAX_TIMESTAMP, Date.UTC(1999, 0, 1)]) {
      assert.equal(backlogText(progress({ watermark, elements: 0 }), NOW), "");
    }
  });
});

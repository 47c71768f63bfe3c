import assert from "node:assert/strict";
import { Bundle, CLOCK_INTERVAL } from "./bundle.js";
import { claimAllowance } from "./claim-allowance.js";

function bundle(maxElements: number): Bundle {
  const task = {
    bundle: 1,
    inputs: [],
    timers: [],
    state: { read: () => undefined },
    sideInputs: [],
    deadline: performance.now() + 60_000,
    slice: 60_000,
    maxElements,
    maxOutputBytes: Number.POSITIVE_INFINITY,
    stop: { stopped: false },
  };
  return new Bundle(task, { bytes: 0 });
}

function pause(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

describe("the allowance of a call", () => {
  it("begins with one claim and grows while claims are fast", () => {
    const allowance = claimAllowance(bundle(Number.POSITIVE_INFINITY));
    let most = 0;
    for (let i = 0; i < 100; i++) most = Math.max(most, allowance());
    assert.equal(claimAllowance(bundle(Number.POSITIVE_INFINITY))(), 1);
    assert.equal(most, CLOCK_INTERVAL);
  });

  it("is one claim at a time where each takes long", () => {
    const allowance = claimAllowance(bundle(Number.POSITIVE_INFINITY));
    for (let i = 0; i < 5; i++) {
      assert.equal(allowance(), 1);
      pause(1.2);
    }
  });

  it("is no more than the bundle has left", () => {
    const open = bundle(3);
    const allowance = claimAllowance(open);
    let all = 0;
    for (let allowed = allowance(); allowed > 0; allowed = allowance()) all += allowed;
    assert.equal(all, 3);
    assert.equal(open.over, true);
  });
});

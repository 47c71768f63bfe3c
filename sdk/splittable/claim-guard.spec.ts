import assert from "node:assert/strict";
import { ClaimGuard } from "./claim-guard.js";
import { OffsetRangeTracker } from "./offset-range-tracker.js";
import type { RestrictionTracker } from "./restriction-tracker.js";

/** An allowance that gives these numbers one after the other, then 0. */
function allowing(...numbers: number[]) {
  return () => numbers.shift() ?? 0;
}

/** A tracker that takes any claim and knows nothing else. */
const simple: RestrictionTracker<string, number> = {
  tryClaim: () => true,
  currentRestriction: () => "all",
  trySplit: () => undefined,
  checkDone: () => {},
};

describe("a claim guard", () => {
  it("splits the tracker when the allowance is used up, and refuses claims from then on", () => {
    const guard = new ClaimGuard(new OffsetRangeTracker({ from: 0, to: 10 }), allowing(2, 1), true);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((position) => guard.tryClaim(position)),
      [true, true, true, false, false],
    );
    assert.deepEqual(guard.leftOver, { from: 3, to: 10 });
    assert.deepEqual(guard.currentRestriction(), { from: 0, to: 3 });
    guard.checkDone();
  });

  it("lets claims pass that are no work, whatever the allowance", () => {
    const guard = new ClaimGuard(new OffsetRangeTracker({ from: 0, to: 10 }), allowing(1), true);
    assert.equal(guard.tryClaim(0), true);
    assert.equal(guard.tryClaim(Number.POSITIVE_INFINITY, 0), false);
    assert.equal(guard.leftOver, undefined);
    guard.checkDone();
  });

  it("goes on with a tracker that cannot be split", () => {
    const guard = new ClaimGuard(simple, allowing(1), true);
    assert.deepEqual(
      [0, 1, 2].map((position) => guard.tryClaim(position)),
      [true, true, true],
    );
  });

  it("says what is said of restrictions where the tracker says nothing", () => {
    assert.equal(new ClaimGuard(simple, allowing(), true).isBounded(), true);
    assert.equal(new ClaimGuard(simple, allowing(), false).isBounded(), false);
    assert.deepEqual(new ClaimGuard(simple, allowing(), true).progress(), { completed: 0, remaining: 1 });
    const endless = new OffsetRangeTracker({ from: 0, to: Number.POSITIVE_INFINITY });
    assert.equal(new ClaimGuard(endless, allowing(), true).isBounded(), false);
  });
});

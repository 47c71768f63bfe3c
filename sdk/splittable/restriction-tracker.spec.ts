import assert from "node:assert/strict";
import { OffsetRangeTracker } from "./restriction-tracker.js";

/** An allowance that gives these numbers one after the other, then 0. */
function allowing(...numbers: number[]) {
  return () => numbers.shift() ?? 0;
}

describe("an offset range tracker", () => {
  it("grants positions of its range, and none beyond", () => {
    const tracker = new OffsetRangeTracker({ from: 2, to: 5 });
    assert.equal(tracker.lastClaimed, -1);
    assert.deepEqual(
      [2, 4, 5].map((position) => tracker.tryClaim(position)),
      [true, true, false],
    );
    assert.equal(tracker.lastClaimed, 4);
    assert.equal(tracker.residual, undefined);
  });

  it("leaves all that comes after the last claim when its allowance is used up", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: 100 }, allowing(1, 2));
    assert.deepEqual(
      [10, 20, 30, 40].map((position) => tracker.tryClaim(position)),
      [true, true, true, false],
    );
    assert.deepEqual(tracker.residual, { from: 31, to: 100 });
    assert.equal(tracker.tryClaim(50), false);
  });

  it("leaves the whole range when nothing was granted", () => {
    const tracker = new OffsetRangeTracker({ from: 7, to: 9 }, allowing());
    assert.equal(tracker.tryClaim(8), false);
    assert.deepEqual(tracker.residual, { from: 7, to: 9 });
  });

  it("asks for its allowance again after a claim of many elements", () => {
    const asked: number[] = [];
    const tracker = new OffsetRangeTracker({ from: 0, to: 100 }, () => asked.push(1) && 64);
    for (let position = 0; position < 10; position++) tracker.tryClaim(position, 1000);
    assert.equal(asked.length, 10);
    for (let position = 10; position < 74; position++) tracker.tryClaim(position);
    assert.equal(asked.length, 11);
  });

  it("defers what has not been claimed when it is told to", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: 10 });
    tracker.tryClaim(3);
    tracker.defer(30);
    tracker.defer();
    assert.equal(tracker.tryClaim(4), false);
    assert.equal(tracker.delay, 30);
    assert.deepEqual(tracker.residual, { from: 4, to: 10 });
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../../portability/errors.js";
import { OffsetRangeTracker } from "./offset-range-tracker.js";

/** An allowance that gives these numbers one after the other, then 0. */
function allowing(...numbers: number[]) {
  return () => numbers.shift() ?? 0;
}

const isError = (text: RegExp) => (thrown: unknown) =>
  thrown instanceof GirderError && thrown.code === "user-exception" && text.test(thrown.message);

describe("an offset range tracker", () => {
  it("grants positions of its range, and none beyond", () => {
    const tracker = new OffsetRangeTracker({ from: 2, to: 5 });
    assert.deepEqual(
      [2, 4, 5].map((position) => tracker.tryClaim(position)),
      [true, true, false],
    );
    tracker.checkDone();
    assert.equal(tracker.leftOver, undefined);
    assert.deepEqual(tracker.progress(), { completed: 3, remaining: 0 });
  });

  it("leaves all that comes after the last claim when its allowance is used up", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: 100 }, allowing(1, 2));
    assert.deepEqual(
      [10, 20, 30, 40].map((position) => tracker.tryClaim(position)),
      [true, true, true, false],
    );
    assert.deepEqual(tracker.leftOver, { from: 31, to: 100 });
    assert.equal(tracker.tryClaim(50), false);
    tracker.checkDone();
  });

  it("leaves the whole range when nothing was granted, also one below zero", () => {
    const tracker = new OffsetRangeTracker({ from: -3, to: 9 }, allowing());
    assert.equal(tracker.tryClaim(-1), false);
    assert.deepEqual(tracker.leftOver, { from: -3, to: 9 });
    const begun = new OffsetRangeTracker({ from: -3, to: 9 }, allowing(1));
    assert.deepEqual([begun.tryClaim(-1), begun.tryClaim(0)], [true, false]);
    assert.deepEqual(begun.leftOver, { from: 0, to: 9 });
  });

  it("asks for its allowance again after a claim of many elements", () => {
    const asked: number[] = [];
    const tracker = new OffsetRangeTracker({ from: 0, to: 100 }, () => asked.push(1) && 64);
    for (let position = 0; position < 10; position++) tracker.tryClaim(position, 1000);
    assert.equal(asked.length, 10);
    for (let position = 10; position < 74; position++) tracker.tryClaim(position);
    assert.equal(asked.length, 11);
  });

  it("refuses a position that was claimed, one before it, one before the range and one that is none", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: 10 });
    tracker.tryClaim(3);
    assert.throws(() => tracker.tryClaim(3), isError(/3 was claimed after 3/));
    assert.throws(() => tracker.tryClaim(2), isError(/2 was claimed after 3/));
    assert.throws(() => tracker.tryClaim(Number.NaN), isError(/NaN was claimed/));
    assert.throws(
      () => new OffsetRangeTracker({ from: 5, to: 9 }).tryClaim(4),
      isError(/before the range from 5 to 9/),
    );
  });

  it("is not done before its last position was claimed or one beyond it tried", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: 10 });
    assert.throws(() => tracker.checkDone(), isError(/nothing was claimed/));
    tracker.tryClaim(8);
    assert.throws(() => tracker.checkDone(), isError(/claimed up to 8/));
    tracker.tryClaim(9);
    tracker.checkDone();
    const ended = new OffsetRangeTracker({ from: 0, to: 10 });
    assert.equal(ended.tryClaim(Number.POSITIVE_INFINITY), false);
    ended.checkDone();
    new OffsetRangeTracker({ from: 4, to: 4 }).checkDone();
  });

  it("divides what is not claimed by a share, and has nothing to divide at the end", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: 100 });
    tracker.tryClaim(19);
    assert.deepEqual(tracker.trySplit(0.5), { primary: { from: 0, to: 60 }, residual: { from: 60, to: 100 } });
    assert.deepEqual(tracker.progress(), { completed: 20, remaining: 40 });
    assert.equal(tracker.trySplit(1), undefined);
    assert.equal(tracker.tryClaim(60), false);
    assert.equal(tracker.trySplit(0), undefined);
  });

  it("leaves a range without end as it is, and divides it nowhere else", () => {
    const tracker = new OffsetRangeTracker({ from: 0, to: Number.POSITIVE_INFINITY });
    assert.equal(tracker.isBounded(), false);
    tracker.tryClaim(7);
    assert.equal(tracker.trySplit(0.5), undefined);
    assert.deepEqual(tracker.trySplit(0)?.residual, { from: 8, to: Number.POSITIVE_INFINITY });
    assert.equal(tracker.isBounded(), true);
    tracker.checkDone();
  });

  it("grants each position once, whatever is split off at any time", () => {
    const steps = fc.array(fc.oneof(fc.constant("claim" as const), fc.double({ min: 0, max: 1, noNaN: true })));
    fc.assert(
      fc.property(fc.integer({ min: -20, max: 20 }), fc.nat(40), steps, (from, length, script) => {
        const open = [{ from, to: from + length }];
        const granted: number[] = [];
        for (let range = open.pop(); range !== undefined; range = open.pop()) {
          const tracker = new OffsetRangeTracker(range);
          let next = range.from;
          for (const step of script) {
            const split = step === "claim" || next === range.from ? undefined : tracker.trySplit(step);
            if (split !== undefined) open.push(split.residual);
            else if (tracker.currentRestriction().to > next && tracker.tryClaim(next)) granted.push(next++);
          }
          while (tracker.tryClaim(next)) granted.push(next++);
          tracker.checkDone();
        }
        assert.deepEqual(
          granted.sort((a, b) => a - b),
          Array.from({ length }, (_, i) => from + i),
        );
      }),
    );
  });
});

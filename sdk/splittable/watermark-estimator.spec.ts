import assert from "node:assert/strict";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import { manualWatermark, monotonicWatermark, wallTimeWatermark } from "./watermark-estimator.js";

describe("a watermark estimator", () => {
  it("set by hand goes on where it was, and never back", () => {
    const estimators = manualWatermark();
    const first = estimators.create(estimators.initialState(3));
    assert.equal(first.current(), 3);
    first.set(3);
    first.set(9);
    const second = estimators.create(first.state());
    assert.equal(second.current(), 9);
    assert.throws(() => second.set(8), { code: "user-exception" });
    assert.throws(() => second.set(Number.NaN), { code: "user-exception" });
    second.set(Number.POSITIVE_INFINITY);
    assert.equal(second.current(), MAX_TIMESTAMP);
  });

  it("by timestamps is at the latest of them, less its lag", () => {
    const estimators = monotonicWatermark({ lag: 5 });
    const first = estimators.create(estimators.initialState(MIN_TIMESTAMP));
    assert.equal(first.current(), MIN_TIMESTAMP);
    for (const timestamp of [10, 30, 20]) first.observe!(timestamp);
    assert.equal(first.current(), 25);
    assert.equal(estimators.create(first.state()).current(), 25);
    assert.throws(() => monotonicWatermark({ lag: -1 }), { code: "invalid-argument" });
  });

  it("by the clock does not follow a clock that is set back", () => {
    let now = 100;
    const estimators = wallTimeWatermark(() => now);
    const first = estimators.create(estimators.initialState(7));
    assert.equal(first.current(), 100);
    now = 50;
    assert.equal(estimators.create(first.state()).current(), 100);
    now = 101;
    assert.equal(first.current(), 101);
  });
});

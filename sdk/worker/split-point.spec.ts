import assert from "node:assert/strict";
import { splitOf } from "./split-point.js";

const desired = (fractionOfRemainder: number, estimated = 100, points: readonly number[] = []) => ({
  fractionOfRemainder,
  estimatedInputElements: BigInt(estimated),
  allowedSplitPoints: points.map(BigInt),
});

const ENDLESS = Number.POSITIVE_INFINITY;

describe("a split", () => {
  it("leaves the worker its share of the elements that are not begun", () => {
    assert.deepEqual(splitOf(desired(0.5), 20, ENDLESS), { at: 60 });
    assert.deepEqual(splitOf(desired(0), 20, ENDLESS), { at: 20 });
    assert.deepEqual(splitOf(desired(0.5), 20, 40), { at: 30 });
  });

  it("is nowhere when everything is begun, or is to be kept", () => {
    assert.equal(splitOf(desired(0.5), 100, ENDLESS), undefined);
    assert.equal(splitOf(desired(0), 40, 40), undefined);
    assert.equal(splitOf(desired(1), 20, ENDLESS), undefined);
  });

  it("is at the nearest point that is allowed", () => {
    assert.deepEqual(splitOf(desired(0.5, 100, [10, 50, 75]), 20, ENDLESS), { at: 50 });
    assert.equal(splitOf(desired(0.5, 100, [10, 100]), 20, ENDLESS), undefined);
  });

  it("is within the element in hand where the share ends there", () => {
    assert.deepEqual(splitOf(desired(0.5, 1), 1, ENDLESS, 0.8), { within: 0.5 });
    assert.deepEqual(splitOf(desired(0, 3), 1, ENDLESS, 0.8), { within: 0 });
    assert.deepEqual(splitOf(desired(0.1, 3), 1, ENDLESS, 0.5), { within: 0.5 });
    assert.deepEqual(splitOf(desired(0.5, 4), 1, ENDLESS, 1), { at: 2 });
    assert.equal(splitOf(desired(1, 1), 1, ENDLESS, 0.8), undefined);
    assert.equal(splitOf(desired(0.5, 1, [5]), 1, ENDLESS, 0.8), undefined);
  });
});

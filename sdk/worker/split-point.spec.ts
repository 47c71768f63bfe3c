import assert from "node:assert/strict";
import { splitPoint } from "./split-point.js";

const desired = (fractionOfRemainder: number, estimated = 100, points: readonly number[] = []) => ({
  fractionOfRemainder,
  estimatedInputElements: BigInt(estimated),
  allowedSplitPoints: points.map(BigInt),
});

describe("the point of a split", () => {
  it("leaves the worker its share of the elements that are not begun", () => {
    assert.equal(splitPoint(desired(0.5), 20, Number.POSITIVE_INFINITY), 60);
    assert.equal(splitPoint(desired(0), 20, Number.POSITIVE_INFINITY), 20);
    assert.equal(splitPoint(desired(0.5), 20, 40), 30);
  });

  it("is nowhere when everything is begun, or is to be kept", () => {
    assert.equal(splitPoint(desired(0.5), 100, Number.POSITIVE_INFINITY), undefined);
    assert.equal(splitPoint(desired(0), 40, 40), undefined);
    assert.equal(splitPoint(desired(1), 20, Number.POSITIVE_INFINITY), undefined);
  });

  it("is the nearest that is allowed", () => {
    assert.equal(splitPoint(desired(0.5, 100, [10, 50, 75]), 20, Number.POSITIVE_INFINITY), 50);
    assert.equal(splitPoint(desired(0.5, 100, [10, 100]), 20, Number.POSITIVE_INFINITY), undefined);
  });
});

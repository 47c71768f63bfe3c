import assert from "node:assert/strict";
import fc from "fast-check";
import { BeamConstants } from "../urns.js";
import {
  GLOBAL_WINDOW_MAX_TIMESTAMP,
  instantFromWire,
  instantToWire,
  MAX_TIMESTAMP,
  MIN_TIMESTAMP,
  plus,
  SHIFT,
} from "./time.js";

const { Constants } = BeamConstants;
const EXACT = 2 ** 52;
const MALFORMED = { name: "GirderError", code: "malformed-data" };

/** Any instant: of the calendar, or beside a bound. */
const instants = fc.oneof(
  fc.integer({ min: -EXACT, max: EXACT }),
  fc.integer({ min: EXACT + 1, max: MAX_TIMESTAMP }),
  fc.integer({ min: MIN_TIMESTAMP, max: -EXACT - 1 }),
  fc.constantFrom(MIN_TIMESTAMP, MAX_TIMESTAMP, GLOBAL_WINDOW_MAX_TIMESTAMP, EXACT, -EXACT, EXACT + 1, -EXACT - 1, 0),
);

describe("instants", () => {
  it("have the model's bounds exactly", () => {
    assert.equal(instantToWire(MIN_TIMESTAMP), BigInt(Constants.MIN_TIMESTAMP_MILLIS));
    assert.equal(instantToWire(MAX_TIMESTAMP), BigInt(Constants.MAX_TIMESTAMP_MILLIS));
    assert.equal(instantToWire(GLOBAL_WINDOW_MAX_TIMESTAMP), BigInt(Constants.GLOBAL_WINDOW_MAX_TIMESTAMP_MILLIS));
    assert.equal(instantFromWire(BigInt(Constants.MIN_TIMESTAMP_MILLIS)), MIN_TIMESTAMP);
    assert.equal(instantFromWire(BigInt(Constants.MAX_TIMESTAMP_MILLIS)), MAX_TIMESTAMP);
    assert.equal(instantFromWire(BigInt(Constants.GLOBAL_WINDOW_MAX_TIMESTAMP_MILLIS)), GLOBAL_WINDOW_MAX_TIMESTAMP);
  });

  it("survive the wire", () => {
    fc.assert(fc.property(instants, (instant) => assert.equal(instantFromWire(instantToWire(instant)), instant)));
  });

  it("are in the same order here as on the wire", () => {
    fc.assert(
      fc.property(instants, instants, (a, b) => {
        assert.equal(a < b, instantToWire(a) < instantToWire(b));
        assert.equal(a === b, instantToWire(a) === instantToWire(b));
      }),
    );
  });

  it("count single milliseconds beside the bounds", () => {
    const max = BigInt(Constants.MAX_TIMESTAMP_MILLIS);
    assert.equal(instantFromWire(max - 1n), MAX_TIMESTAMP - 1);
    assert.equal(
      instantToWire(GLOBAL_WINDOW_MAX_TIMESTAMP - 10),
      BigInt(Constants.GLOBAL_WINDOW_MAX_TIMESTAMP_MILLIS) - 10n,
    );
  });

  it("are refused in the gap that no calendar reaches", () => {
    const edge = 2n ** 52n;
    for (const side of [1n, -1n]) {
      assert.equal(BigInt(instantFromWire(side * edge)), side * edge);
      assert.throws(() => instantFromWire(side * (edge + 1n)), MALFORMED);
      assert.throws(() => instantFromWire(side * (edge + BigInt(SHIFT) / 2n)), MALFORMED);
      assert.throws(() => instantFromWire(side * (edge + BigInt(SHIFT))), MALFORMED);
      assert.equal(BigInt(instantFromWire(side * (edge + BigInt(SHIFT) + 1n))), side * (edge + 1n));
    }
  });

  it("are refused outside the model's bounds", () => {
    for (const millis of [BigInt(Constants.MAX_TIMESTAMP_MILLIS) + 1n, BigInt(Constants.MIN_TIMESTAMP_MILLIS) - 1n]) {
      assert.throws(() => instantFromWire(millis), MALFORMED);
    }
    assert.throws(() => instantFromWire(2n ** 63n - 1n), MALFORMED);
    assert.throws(() => instantFromWire(-(2n ** 63n)), MALFORMED);
  });
});

describe("an instant plus a duration", () => {
  it("is exact wherever the sum is an instant on the same side of the gap", () => {
    fc.assert(
      fc.property(instants, fc.integer({ min: -(10 ** 12), max: 10 ** 12 }), (instant, duration) => {
        const exact = instantToWire(instant) + BigInt(duration);
        const sum = plus(instant, duration);
        let expected: number | undefined;
        try {
          expected = instantFromWire(exact);
        } catch {
          expected = undefined;
        }
        if (expected !== undefined) assert.equal(sum, expected);
        else assert.equal(instantFromWire(instantToWire(sum)), sum);
      }),
    );
  });

  it("stays within the bounds", () => {
    assert.equal(plus(MAX_TIMESTAMP, 1), MAX_TIMESTAMP);
    assert.equal(plus(MIN_TIMESTAMP, -1), MIN_TIMESTAMP);
    assert.equal(plus(0, Number.POSITIVE_INFINITY), MAX_TIMESTAMP);
    assert.equal(plus(0, Number.NEGATIVE_INFINITY), MIN_TIMESTAMP);
    assert.equal(plus(GLOBAL_WINDOW_MAX_TIMESTAMP, 86_400_001), MAX_TIMESTAMP);
  });

  it("never moves against the duration's sign", () => {
    fc.assert(
      fc.property(instants, fc.integer(), (instant, duration) => {
        const sum = plus(instant, duration);
        if (duration >= 0) assert.ok(sum >= instant);
        else assert.ok(sum <= instant);
      }),
    );
  });
});

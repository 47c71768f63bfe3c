import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../errors.js";
import { CounterCell } from "./counter.js";
import { DistributionCell } from "./distribution.js";
import { GaugeCell } from "./gauge.js";
import { HistogramCell } from "./histogram.js";
import { STRING_SET_CAPACITY, StringSetCell } from "./string-set.js";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const isCode = (code: string) => (error: unknown) => error instanceof GirderError && error.code === code;

interface Cell<U> {
  update(value: U): void;
  merge(other: Cell<U>): void;
  result(): unknown;
  encode(): Uint8Array;
  snapshot(): Cell<U>;
}

/** However updates are dealt out and merged, also by way of the wire, the result is that of one cell. */
function assertMerges<U>(make: () => Cell<U>, decode: (payload: Uint8Array) => Cell<U>, update: fc.Arbitrary<U>): void {
  fc.assert(
    fc.property(fc.array(fc.tuple(update, fc.nat(2))), (updates) => {
      const whole = make();
      const parts = [make(), make(), make()];
      for (const [value, to] of updates) {
        whole.update(value);
        parts[to]?.update(value);
      }
      const merged = make();
      for (const part of parts.reverse()) merged.merge(decode(part.encode()));
      const copy = merged.snapshot();
      if (updates.length > 0) assert.deepEqual(copy.result(), whole.result());
      for (const [value] of updates) merged.update(value);
      if (updates.length > 0) assert.deepEqual(copy.result(), whole.result());
    }),
  );
}

const int64 = fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }).map((wide) => {
  const number = Number(wide);
  return Number.isSafeInteger(number) ? number : wide;
});

describe("a counter", () => {
  it("is written as one varint of 64 bits", () => {
    assert.equal(hex(new CounterCell(300).encode()), "ac02");
    assert.equal(hex(new CounterCell(-1).encode()), "ffffffffffffffffff01");
  });

  it("is exact beyond 2^53 and yields a number again when it is small", () => {
    const counter = new CounterCell();
    counter.update(Number.MAX_SAFE_INTEGER);
    counter.update(2);
    assert.equal(counter.result(), 2n ** 53n + 1n);
    assert.equal(CounterCell.decode(counter.encode()).result(), 2n ** 53n + 1n);
    counter.update(-(2n ** 53n));
    assert.equal(counter.result(), 1);
  });

  it("stops at the bounds of 64 bits on the wire", () => {
    assert.equal(CounterCell.decode(new CounterCell(2n ** 70n).encode()).result(), 2n ** 63n - 1n);
  });

  it("reports a zero that was added, and nothing where nothing was", () => {
    const counter = new CounterCell();
    assert.ok(counter.isEmpty);
    assert.ok(counter.snapshot().isEmpty);
    counter.update(0);
    assert.ok(!counter.isEmpty);
  });

  it("refuses fractions", () => {
    assert.throws(() => new CounterCell().update(0.5), isCode("invalid-argument"));
    assert.throws(() => new CounterCell().update(Number.NaN), isCode("invalid-argument"));
  });

  it("merges", () => assertMerges(() => new CounterCell() as Cell<number | bigint>, CounterCell.decode, int64));
});

describe("a distribution", () => {
  it("is written as count, sum, min and max", () => {
    const cell = new DistributionCell();
    for (const value of [3, -1, 300]) cell.update(value);
    assert.equal(hex(cell.encode()), "03" + "ae02" + "ffffffffffffffffff01" + "ac02");
    assert.deepEqual(cell.result(), { count: 3, sum: 302, min: -1, max: 300 });
  });

  it("of nothing has no bounds, and is written so that it merges into anything", () => {
    const nothing = new DistributionCell();
    assert.deepEqual(nothing.result(), { count: 0, sum: 0, min: undefined, max: undefined });
    assert.equal(hex(nothing.encode()), "0000" + "ffffffffffffffff7f" + "80808080808080808001");
    assert.deepEqual(DistributionCell.decode(nothing.encode()).result(), nothing.result());
  });

  it("merges", () => {
    assertMerges(() => new DistributionCell() as Cell<number | bigint>, DistributionCell.decode, int64);
  });

  it("refuses payloads that are cut short or too long", () => {
    const payload = new DistributionCell().encode();
    assert.throws(() => DistributionCell.decode(payload.subarray(0, -1)), isCode("malformed-data"));
    assert.throws(() => DistributionCell.decode(Uint8Array.of(...payload, 0)), isCode("malformed-data"));
  });
});

describe("a gauge", () => {
  it("keeps the value set last and is written as time and value", () => {
    const gauge = new GaugeCell();
    gauge.update({ value: 7, timestamp: 1000 });
    gauge.update({ value: 9, timestamp: 999 });
    assert.deepEqual(gauge.result(), { value: 7, timestamp: 1000 });
    assert.equal(hex(gauge.encode()), "e807" + "07");
  });

  it("merges", () => {
    const reading = fc.record({ value: int64, timestamp: fc.integer({ min: 1, max: 5 }) });
    assertMerges(
      () => new GaugeCell() as Cell<{ value: number | bigint; timestamp: number }>,
      GaugeCell.decode,
      reading,
    );
  });
});

describe("a string set", () => {
  it("is written as a count and strings with their lengths", () => {
    const set = new StringSetCell();
    for (const string of ["é", "ab", "ab", ""]) set.update(string);
    assert.equal(hex(set.encode()), "00000003" + "02c3a9" + "026162" + "00");
  });

  it("is read from blocks of unknown total number too", () => {
    const payload = Buffer.from("ffffffff" + "02" + "0161" + "0162" + "01" + "0163" + "00", "hex");
    assert.deepEqual(StringSetCell.decode(payload).result(), new Set(["a", "b", "c"]));
  });

  it("takes no more strings when it is full", () => {
    const set = new StringSetCell();
    set.update("x".repeat(STRING_SET_CAPACITY));
    set.update("still taken");
    set.update("left out");
    assert.deepEqual([...set.result()].slice(1), ["still taken"]);
  });

  it("merges", () => {
    assertMerges(() => new StringSetCell() as Cell<string>, StringSetCell.decode, fc.string({ unit: "grapheme" }));
  });

  it("refuses a payload that is cut short", () => {
    assert.throws(() => StringSetCell.decode(Buffer.from("00000002" + "0161", "hex")), isCode("malformed-data"));
    assert.throws(() => StringSetCell.decode(Buffer.from("0000", "hex")), isCode("malformed-data"));
  });
});

describe("a histogram", () => {
  const linear = { type: "linear", count: 3, start: 10, width: 5 } as const;

  it("counts values by linear bucket, and those outside in the total only", () => {
    const cell = new HistogramCell(linear);
    for (const value of [9.9, 10, 14.9, 15, 24.9, 25, Number.NaN]) cell.update(value);
    assert.deepEqual(cell.result(), { count: 7, buckets: linear, counts: [2, 1, 1] });
  });

  it("counts values by exponential bucket", () => {
    const doubling = { type: "exponential", count: 4, scale: 0 } as const;
    const cell = new HistogramCell(doubling);
    for (const value of [-1, 0, 0.3, 1.9, 2, 3.9, 4, 15.9, 16, Infinity]) cell.update(value);
    assert.deepEqual(cell.result().counts, [3, 2, 1, 1]);
    const finer = new HistogramCell({ type: "exponential", count: 4, scale: 1 });
    for (const value of [1.41, 1.42, 2, 3]) finer.update(value);
    assert.deepEqual(finer.result().counts, [1, 1, 1, 1]);
  });

  it("is written as a HistogramValue", () => {
    const cell = new HistogramCell({ type: "linear", count: 2, start: 0, width: 1 });
    cell.update(1.5);
    const width = "11000000000000f03f";
    const start = "190000000000000000";
    assert.equal(hex(cell.encode()), `080112160a140802${width}${start}1a020001`);
  });

  it("merges", () => {
    assertMerges(() => new HistogramCell(linear) as Cell<number>, HistogramCell.decode, fc.double({ min: 0, max: 40 }));
  });

  it("refuses to merge other buckets, and buckets that are none", () => {
    const other = new HistogramCell({ ...linear, width: 6 });
    assert.throws(() => new HistogramCell(linear).merge(other), isCode("invalid-argument"));
    assert.throws(() => new HistogramCell({ ...linear, width: 0 }), isCode("invalid-argument"));
    assert.throws(() => HistogramCell.decode(Buffer.from("0801", "hex")), isCode("malformed-data"));
  });
});

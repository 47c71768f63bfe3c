import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BYTES_CODER,
  type Coder,
  DOUBLE_CODER,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  IterableCoder,
  KVCoder,
  NullableCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { readVarint, readVarint64, type Skip, skipPane, skipVarint } from "./skip.js";
import { coderCases, damaged, wireOf } from "./testing/arbitraries.js";

const isMalformed = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "malformed-data";

function skipOf(coder: Coder<unknown>): Skip {
  const { wire, ids } = wireOf(coder);
  return wire.skip(ids[0]!);
}

const globalWindows = skipOf(new IterableCoder(GLOBAL_WINDOW_CODER) as Coder<unknown>);

describe("skipping", () => {
  it("ends where a value ends, for all known coders in one another", () => {
    const values = coderCases().chain(({ coder, values }) => values.map((value) => ({ coder, value })));
    fc.assert(
      fc.property(values, fc.uint8Array({ maxLength: 3 }), fc.uint8Array(), ({ coder, value }, before, after) => {
        const bytes = encodeToBytes(coder, value, true);
        const all = Buffer.concat([before, bytes, after]);
        assert.equal(skipOf(coder)(all, before.length), before.length + bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it("shows where a value is cut short, at every byte, by its end or by an error", () => {
    const values = coderCases().chain(({ coder, values }) => values.map((value) => ({ coder, value })));
    fc.assert(
      fc.property(values, ({ coder, value }) => {
        const bytes = Buffer.from(encodeToBytes(coder, value, true));
        const skip = skipOf(coder);
        for (let end = 0; end < bytes.length; end++) {
          // A copy: what lies behind the end must not be read by accident.
          const part = Buffer.from(bytes.subarray(0, end));
          const [error, at] = attempt(() => skip(part, 0));
          assert.ok(error === undefined ? at! > part.length : isMalformed(error), `${end} of ${bytes.length}: ${at}`);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("takes damaged bytes for a value or refuses them, and nothing else", () => {
    const values = coderCases().chain(({ coder, values }) =>
      values.chain((value) => damaged(encodeToBytes(coder, value, true)).map((bytes) => ({ coder, bytes }))),
    );
    fc.assert(
      fc.property(values, ({ coder, bytes }) => {
        const [error, at] = attempt(() => skipOf(coder)(bytes, 0));
        if (error === undefined) assert.ok(Number.isSafeInteger(at) && at! >= 0);
        else assert.ok(isMalformed(error), String(error));
      }),
      { numRuns: 1000 },
    );
  });

  it("does not count elements that have no bytes, however many there are said to be", () => {
    assert.equal(globalWindows(Buffer.from("7fffffff", "hex"), 0), 4);
    // In blocks: two of 2^31 − 1, and the end.
    assert.equal(globalWindows(Buffer.from(`ffffffff${"ffffffff07".repeat(2)}00`, "hex"), 0), 15);
  });

  it("gets past iterables in blocks", () => {
    const strings = skipOf(new IterableCoder(BYTES_CODER) as Coder<unknown>);
    const bytes = Buffer.from("ffffffff" + "02" + "0161" + "0162" + "01" + "0163" + "00", "hex");
    assert.equal(strings(bytes, 0), bytes.length);
    assert.throws(() => strings(bytes.subarray(0, bytes.length - 1), 0), isMalformed);
  });

  it("refuses counts below −1, varints beyond ten bytes and marks other than 0 and 1", () => {
    const nullable = skipOf(new NullableCoder(DOUBLE_CODER) as Coder<unknown>);
    const pairs = skipOf(new KVCoder(BYTES_CODER, BYTES_CODER) as Coder<unknown>);
    assert.throws(() => globalWindows(Buffer.from("fffffffe", "hex"), 0), isMalformed);
    assert.throws(() => nullable(Buffer.from("020000000000000000", "hex"), 0), isMalformed);
    assert.throws(() => pairs(Buffer.concat([Buffer.alloc(200, 0x80), Buffer.alloc(1)]), 0), isMalformed);
    assert.throws(() => skipVarint(Buffer.alloc(11, 0xff), 0), isMalformed);
  });

  it("finds the end of a pane by its first byte", () => {
    assert.equal(skipPane(Buffer.from("0f", "hex"), 0), 1);
    assert.equal(skipPane(Buffer.from("148001", "hex"), 0), 3);
    assert.equal(skipPane(Buffer.from("2402ff01", "hex"), 0), 4);
  });
});

describe("reading a varint", () => {
  it("ends with the bytes at the latest", () => {
    for (const hex of ["", "80", "ffff", "80".repeat(9)]) {
      assert.throws(() => readVarint(Buffer.from(hex, "hex"), 0), isMalformed);
      assert.throws(() => readVarint64(Buffer.from(hex, "hex"), 0), isMalformed);
    }
    assert.throws(() => readVarint(Buffer.alloc(1000, 0x80), 0), isMalformed);
  });

  it("gives 64 bits their sign", () => {
    assert.equal(readVarint64(Buffer.from("ffffffffffffffffff01", "hex"), 0), -1n);
    assert.equal(readVarint64(Buffer.from("ffffffffffffffff7f", "hex"), 0), 2n ** 63n - 1n);
    assert.equal(readVarint(Buffer.from("ffffffffffffff0f", "hex"), 0), Number.MAX_SAFE_INTEGER);
  });
});

function attempt<T>(act: () => T): [error: unknown, value: T | undefined] {
  try {
    return [undefined, act()];
  } catch (thrown) {
    return [thrown, undefined];
  }
}

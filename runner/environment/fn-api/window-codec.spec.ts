import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BYTES_CODER,
  type Coder,
  CustomWindowCoder,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  LengthPrefixCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { GLOBAL_WINDOW_MAX_TIMESTAMP, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../../portability/execution/time.js";
import { type BoundedWindow, IntervalWindow, OpaqueWindow } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { damaged, windowCases, wireOf } from "./testing/arbitraries.js";
import { WindowCodec } from "./window-codec.js";

const isMalformed = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "malformed-data";

function codecOf(coder: Coder<unknown>, table = new WindowTable()): WindowCodec {
  const { wire, ids } = wireOf(coder);
  return new WindowCodec(wire, ids[0]!, table);
}

const INTERVALS = INTERVAL_WINDOW_CODER as Coder<unknown>;

describe("the window codec", () => {
  it("knows each window by its bytes and its last instant", () => {
    const cases = windowCases.chain(({ coder, windows }) => fc.array(windows).map((all) => ({ coder, all })));
    fc.assert(
      fc.property(cases, ({ coder, all }) => {
        const codec = codecOf(coder as Coder<unknown>);
        const seen = new Map<string, unknown>();
        for (const window of all) {
          const bytes = Buffer.from(encodeToBytes(coder, window, true));
          const read = codec.read(bytes, 0, bytes.length);
          assert.equal(read.key, bytes.toString("latin1"));
          assert.equal(read.maxTimestamp, window.maxTimestamp);
          assert.equal(read, seen.get(read.key) ?? read);
          assert.equal(codec.readWhole(bytes), read);
          seen.set(read.key, read);
        }
      }),
    );
  });

  it("reads intervals as wide as the model, to the millisecond", () => {
    const window = new IntervalWindow(MIN_TIMESTAMP + 1, MAX_TIMESTAMP);
    const read = codecOf(INTERVALS).readWhole(encodeToBytes(INTERVAL_WINDOW_CODER, window));
    assert.deepEqual(read.value, window);
  });

  it("takes an interval that begins before time for one that begins with it, and keeps its bytes", () => {
    const bytes = Buffer.from(encodeToBytes(INTERVAL_WINDOW_CODER, new IntervalWindow(MIN_TIMESTAMP, 0)));
    bytes[8]! += 1;
    const read = codecOf(INTERVALS).readWhole(bytes);
    assert.deepEqual(read.value, new IntervalWindow(MIN_TIMESTAMP, 0));
    assert.equal(read.key, bytes.toString("latin1"));
  });

  it("shares intervals with the table, where the runner makes them itself", () => {
    const table = new WindowTable();
    const bytes = encodeToBytes(INTERVAL_WINDOW_CODER, new IntervalWindow(10, 20));
    assert.equal(codecOf(INTERVALS, table).readWhole(bytes), table.interval(10, 20));
    assert.equal(codecOf(GLOBAL_WINDOW_CODER as Coder<unknown>, table).readWhole(new Uint8Array()), table.global);
  });

  it("takes windows of a coder that it does not know for opaque bytes, which end with the global window", () => {
    const bytes = encodeToBytes(new LengthPrefixCoder(BYTES_CODER), Uint8Array.of(1, 2, 3), true);
    const { maxTimestamp, value } = codecOf(new LengthPrefixCoder(BYTES_CODER) as Coder<unknown>).readWhole(bytes);
    assert.equal(maxTimestamp, GLOBAL_WINDOW_MAX_TIMESTAMP);
    assert.deepEqual(value, new OpaqueWindow(Buffer.from(bytes), GLOBAL_WINDOW_MAX_TIMESTAMP));
  });

  it("tells windows of different coders apart, even where their bytes are the same", () => {
    const table = new WindowTable();
    const custom = new CustomWindowCoder(new LengthPrefixCoder(BYTES_CODER));
    const bytes = encodeToBytes(custom as Coder<BoundedWindow>, new OpaqueWindow(new Uint8Array(), 20));
    assert.notEqual(
      codecOf(custom as Coder<unknown>, table).readWhole(bytes),
      codecOf(INTERVALS, table).readWhole(bytes),
    );
  });

  it("refuses bytes that are no window, less than one, or more", () => {
    const damage = windowCases.chain(({ coder, windows }) =>
      windows.chain((window) => damaged(encodeToBytes(coder, window, true)).map((bytes) => ({ coder, bytes }))),
    );
    fc.assert(
      fc.property(damage, ({ coder, bytes }) => {
        try {
          assert.equal(codecOf(coder as Coder<unknown>).readWhole(bytes).key, bytes.toString("latin1"));
        } catch (thrown) {
          assert.ok(isMalformed(thrown), String(thrown));
        }
      }),
      { numRuns: 500 },
    );
    const interval = Buffer.from(encodeToBytes(INTERVAL_WINDOW_CODER, new IntervalWindow(0, 1000)));
    for (const bytes of [
      interval.subarray(0, 9),
      interval.subarray(0, 3),
      Buffer.concat([interval, Buffer.alloc(1)]),
    ]) {
      assert.throws(() => codecOf(INTERVALS).readWhole(bytes), isMalformed);
    }
  });
});

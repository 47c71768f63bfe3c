import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BYTES_CODER,
  type Coder,
  decodeFromBytes,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  IterableCoder,
  KVCoder,
  LengthPrefixCoder,
  STRING_CODER,
  WindowedValueCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { Batch, entry, type WindowSet } from "../../../portability/execution/batch.js";
import { NO_FIRING, ON_TIME_AND_ONLY } from "../../../portability/execution/pane.js";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../../portability/execution/time.js";
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import type { WindowedValue } from "../../../portability/execution/windowed-value.js";
import { ElementCodec } from "./element-codec.js";
import type { EncodedBatch } from "./encoded-batch.js";
import type { EncodedValue } from "./encoded-value.js";
import { coderCases, damaged, windowCases, windowedValues, wireOf } from "./testing/arbitraries.js";
import { WindowCodec } from "./window-codec.js";

const isMalformed = (thrown: unknown): boolean => thrown instanceof GirderError && thrown.code === "malformed-data";

const PAIR = new KVCoder(STRING_CODER, BYTES_CODER) as Coder<unknown>;
const WINDOW = INTERVAL_WINDOW_CODER as Coder<BoundedWindow>;

function codecOf(coder: Coder<unknown>, window: Coder<BoundedWindow>, keyed = false): ElementCodec {
  const { wire, ids } = wireOf(coder, window as Coder<unknown>);
  return new ElementCodec(wire, ids[0]!, new WindowCodec(wire, ids[1]!, new WindowTable()), keyed);
}

function encoded(
  elements: readonly WindowedValue<unknown>[],
  coder: Coder<unknown>,
  window: Coder<BoundedWindow>,
): Buffer {
  const windowed = new WindowedValueCoder(coder, window);
  return Buffer.concat(elements.map((element) => encodeToBytes(windowed, element, true)));
}

function list(windows: WindowSet): string[] {
  return (Array.isArray(windows) ? windows : [windows]).map(({ key }) => key);
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

const batches = fc.tuple(coderCases(), windowCases).chain(([{ coder, values }, { coder: window, windows }]) =>
  fc.record({
    coder: fc.constant(coder),
    window: fc.constant(window),
    elements: fc.array(windowedValues(values, windows), { maxLength: 8 }),
  }),
);

describe("the element codec", () => {
  it("reads elements that a message ends in the middle of, wherever that is, with the next", () => {
    fc.assert(
      fc.property(batches, fc.nat(), ({ coder, window, elements }, at) => {
        const bytes = encoded(elements, coder, window);
        const cut = bytes.length === 0 ? 0 : at % bytes.length;
        const codec = codecOf(coder, window);
        const first = codec.decodePart(bytes.subarray(0, cut));
        const second = codec.decodePart(Buffer.concat([first.rest, bytes.subarray(cut)]));
        assert.equal(second.rest.length, 0);
        const parts = [first, second].map(({ batch }) => (batch === undefined ? Buffer.alloc(0) : codec.encode(batch)));
        assert.deepEqual(Buffer.concat(parts), bytes);
      }),
    );
  });

  it("reads what the coder of windowed values writes, and writes it again as it was", () => {
    fc.assert(
      fc.property(batches, ({ coder, window, elements }) => {
        const bytes = encoded(elements, coder, window);
        const codec = codecOf(coder, window);
        const batch = codec.decode(bytes);
        assert.equal(batch.count, elements.length);
        elements.forEach((element, i) => {
          assert.equal(entry(batch.timestamps, i), element.timestamp);
          assert.deepEqual(entry(batch.panes, i), { ...element.pane });
          const windows = element.windows.map((it) => latin1(encodeToBytes(window, it, true)));
          assert.deepEqual(list(entry(batch.windows, i)), windows);
        });
        assert.deepEqual(codec.encode(batch), bytes);
        // Not as the chunk it came in, but element by element.
        const { refs, keys, timestamps, windows, panes } = batch.columns;
        const rebuilt = new Batch(refs, keys, timestamps, windows, panes, batch.bytes);
        assert.deepEqual(codec.encode(rebuilt), bytes);
      }),
      { numRuns: 300 },
    );
  });

  it("cuts and chooses elements as they are", () => {
    const cuts = batches.chain((batch) => {
      const position = fc.nat({ max: batch.elements.length });
      const positions = fc.subarray(batch.elements.map((_, i) => i));
      return fc.record({ batch: fc.constant(batch), range: fc.tuple(position, position), positions });
    });
    fc.assert(
      fc.property(cuts, ({ batch: { coder, window, elements }, range, positions }) => {
        const codec = codecOf(coder, window, true);
        const batch = codec.decode(encoded(elements, coder, window));
        const [from, to] = [Math.min(...range), Math.max(...range)];
        const check = (part: Batch, expected: readonly WindowedValue<unknown>[]): void => {
          const bytes = encoded(expected, coder, window);
          assert.deepEqual(codec.encode(part), bytes);
          assert.equal(part.count, expected.length);
          assert.equal(part.minTimestamp, Math.min(MAX_TIMESTAMP, ...expected.map(({ timestamp }) => timestamp)));
          const { refs, keys, timestamps, windows, panes } = part.columns;
          assert.deepEqual(codec.encode(new Batch(refs, keys, timestamps, windows, panes, part.bytes)), bytes);
        };
        check(batch.slice(from, to), elements.slice(from, to));
        check(batch.slice(from, elements.length).slice(0, to - from), elements.slice(from, to));
        if (elements.length > 0) {
          const moved = batch.inWindows({ all: entry(batch.windows, 0) });
          const { windows } = elements[0]!;
          const inThem = elements.map((element) => ({ ...element, windows }));
          check(moved, inThem);
          check(moved.slice(from, to), inThem.slice(from, to));
        }
        const chosen = positions.map((i) => elements[i]!);
        check(batch.select(positions), chosen);
        check(
          batch.slice(0, to).select(positions.filter((i) => i < to)),
          chosen.slice(0, positions.filter((i) => i < to).length),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("refuses what ends too early, or reads the elements before", () => {
    fc.assert(
      fc.property(batches, ({ coder, window, elements }) => {
        const bytes = encoded(elements, coder, window);
        const codec = codecOf(coder, window);
        const { bounds } = codec.decode(bytes).extents;
        for (let end = 0; end < bytes.length; end++) {
          const part = Buffer.from(bytes.subarray(0, end));
          if (bounds.includes(end)) assert.deepEqual(codec.encode(codec.decode(part)), part);
          else assert.throws(() => codec.decode(part), isMalformed, `${end} of ${bytes.length}`);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("reads elements that messages end in the middle of, wherever that is", () => {
    const cut = batches.chain((batch) =>
      fc.record({ batch: fc.constant(batch), at: fc.array(fc.nat({ max: 400 }), { maxLength: 6 }) }),
    );
    fc.assert(
      fc.property(cut, ({ batch: { coder, window, elements }, at }) => {
        const bytes = encoded(elements, coder, window);
        const codec = codecOf(coder, window);
        const ends = [...at.filter((end) => end < bytes.length).toSorted((a, b) => a - b), bytes.length];
        const parts: Batch[] = [];
        let rest: Uint8Array = new Uint8Array();
        let from = 0;
        for (const end of ends) {
          const read = codec.decodePart(Buffer.concat([rest, bytes.subarray(from, end)]));
          if (read.batch !== undefined) parts.push(read.batch);
          rest = read.rest;
          from = end;
        }
        assert.equal(rest.length, 0);
        assert.deepEqual(Buffer.concat(parts.map((part) => codec.encode(part))), bytes);
      }),
      { numRuns: 200 },
    );
  });

  it("refuses damaged bytes, or takes them for elements whose bytes they are", () => {
    const damage = batches
      .filter(({ elements }) => elements.length > 0)
      .chain(({ coder, window, elements }) =>
        damaged(encoded(elements, coder, window)).map((bytes) => ({ coder, window, bytes })),
      );
    fc.assert(
      fc.property(damage, ({ coder, window, bytes }) => {
        const codec = codecOf(coder, window, true);
        let batch: EncodedBatch;
        try {
          batch = codec.decode(bytes);
        } catch (thrown) {
          assert.ok(isMalformed(thrown), String(thrown));
          return;
        }
        assert.deepEqual(codec.encode(batch), bytes);
        // All of it can be looked at.
        assert.equal(batch.columns.refs.length, batch.count);
        assert.ok(batch.minTimestamp <= MAX_TIMESTAMP);
      }),
      { numRuns: 1500 },
    );
  });

  it("does not believe in two thousand million windows", () => {
    const global = GLOBAL_WINDOW_CODER as Coder<BoundedWindow>;
    const codec = codecOf(BYTES_CODER as Coder<unknown>, global);
    const element = { value: Uint8Array.of(7), timestamp: 0, windows: [GLOBAL_WINDOW], pane: NO_FIRING };
    const bytes = encoded([element], BYTES_CODER as Coder<unknown>, global);
    for (const count of [0x7fffffff, 65, -1, -0x80000000]) {
      bytes.writeInt32BE(count, 8);
      assert.throws(() => codec.decode(bytes), isMalformed);
    }
    bytes.writeInt32BE(2, 8);
    assert.deepEqual(list(entry(codec.decode(bytes).windows, 0)), ["", ""]);
  });

  it("refuses panes of no form, and such with metadata, which nobody has been told to send", () => {
    const codec = codecOf(BYTES_CODER as Coder<unknown>, WINDOW);
    const bytes = encoded([element("a", 3)], BYTES_CODER as Coder<unknown>, WINDOW);
    const paneAt = 8 + 4 + 9;
    for (const first of [0x80, 0x8f, 0x3f, 0x7f]) {
      bytes[paneAt] = first;
      assert.throws(() => codec.decode(bytes), isMalformed);
    }
  });

  it("knows keys by their bytes", () => {
    const codec = codecOf(PAIR, WINDOW, true);
    const elements = ["a", "b", "a", "x".repeat(100), ""].map((key, i) => ({
      ...element("a", i),
      value: { key, value: Uint8Array.of(i) },
    }));
    const { keys, refs } = codec.decode(encoded(elements, PAIR, WINDOW)).columns;
    assert.deepEqual(keys, ["\x01a", "\x01b", "\x01a", `\x64${"x".repeat(100)}`, "\x00"]);
    assert.deepEqual(
      (refs as EncodedValue[]).map(({ bytes, start, end }) => bytes.toString("hex", start, end)),
      ["0100", "0101", "0102", "0103", "0104"],
    );
  });

  it("leaves keys in their elements where nobody groups them", () => {
    const codec = codecOf(PAIR, WINDOW);
    const { keys, refs } = codec.decode(
      encoded([{ ...element("a", 0), value: { key: "k", value: Uint8Array.of(7) } }], PAIR, WINDOW),
    ).columns;
    assert.equal(keys, undefined);
    const { bytes, start, end } = refs[0] as EncodedValue;
    assert.equal(bytes.toString("hex", start, end), "016b0107");
  });

  it("has one entry for columns in which all elements are alike", () => {
    const codec = codecOf(BYTES_CODER as Coder<unknown>, WINDOW);
    const alike = codec.decode(encoded([element("a", 3), element("b", 3)], BYTES_CODER as Coder<unknown>, WINDOW));
    assert.ok("all" in alike.timestamps && "all" in alike.windows && "all" in alike.panes);
    const other = codec.decode(encoded([element("a", 3), element("b", 4)], BYTES_CODER as Coder<unknown>, WINDOW));
    assert.deepEqual(other.timestamps, [3, 4]);
    assert.ok("all" in other.windows);
  });

  it("makes the same window the same object, in every message", () => {
    const codec = codecOf(BYTES_CODER as Coder<unknown>, WINDOW);
    const bytes = encoded([element("a", 3), element("b", 13), element("c", 3)], BYTES_CODER as Coder<unknown>, WINDOW);
    const [first, second, third] = [0, 1, 2].map((i) => entry(codec.decode(bytes).windows, i));
    assert.equal(first, third);
    assert.notEqual(first, second);
    assert.equal(first, (codec.windows.windows as WindowTable).interval(0, 10));
  });

  it("sends large batches in messages of whole elements, about as large as they should be", () => {
    const codec = codecOf(BYTES_CODER as Coder<unknown>, WINDOW);
    const value = new Uint8Array(1000);
    const many = Array.from({ length: 1000 }, (_, i) => ({ ...element("", i % 7), value }));
    const bytes = encoded(many, BYTES_CODER as Coder<unknown>, WINDOW);
    const batch = codec.decode(bytes);
    const { refs, keys, timestamps, windows, panes } = batch.columns;
    for (const each of [batch, new Batch(refs, keys, timestamps, windows, panes, 8)]) {
      const frames = [...codec.frames(each)];
      assert.equal(frames.length, 4);
      assert.ok(frames.every(({ length }) => length < 300_000));
      assert.deepEqual(Buffer.concat(frames), bytes);
      assert.equal(
        frames.reduce((sum, frame) => sum + codec.decode(frame).count, 0),
        1000,
      );
    }
  });

  it("writes a group's values as an iterable: counted where they are in memory, in blocks where they are not", () => {
    const grouped = new KVCoder(STRING_CODER, new IterableCoder(BYTES_CODER)) as Coder<unknown>;
    const codec = codecOf(grouped, WINDOW, true);
    const values = codecOf(PAIR, WINDOW, true).decode(
      encoded(
        Array.from({ length: 2500 }, (_, i) => ({ ...element("a", 0), value: { key: "k", value: Uint8Array.of(i) } })),
        PAIR,
        WINDOW,
      ),
    ).columns.refs;
    const window = codec.windows.windows.interval(0, 10);
    const group = (refs: Iterable<unknown>): EncodedBatch =>
      codec.decode(codec.encode(new Batch([refs], ["\x01k"], [9], [window], [ON_TIME_AND_ONLY], 8)));
    const inMemory = group(values);
    assert.equal(inMemory.columns.keys![0], "\x01k");
    assert.equal(content(inMemory).subarray(0, 6).toString("hex"), "000009c40100");
    const stored = group(new Set(values));
    assert.equal(content(stored).subarray(0, 8).toString("hex"), "ffffffff80080100");
    assert.equal(content(stored).at(-1), 0);
    assert.equal(stored.count, 1);
  });

  it("stores the values of a key, and reads them back", () => {
    const codec = codecOf(PAIR, WINDOW, true);
    const elements = ["", "a", "b".repeat(300)].map((value) => ({
      ...element("", 1),
      value: { key: "k", value: Buffer.from(value) },
    }));
    const { refs } = codec.decode(encoded(elements, PAIR, WINDOW)).columns;
    const bytes = codec.encodeValues(refs);
    assert.deepEqual(codec.decodeValues(bytes).map(textOf), (refs as EncodedValue[]).map(textOf));
    assert.deepEqual(codec.decodeValues(codec.encodeValues([])), []);
    assert.throws(() => codec.decodeValues(bytes.subarray(0, bytes.length - 1)), isMalformed);
  });

  it("writes groups of groups, and stores them", () => {
    const group = new KVCoder(STRING_CODER, new IterableCoder(BYTES_CODER));
    const nested = new KVCoder(STRING_CODER, new IterableCoder(new IterableCoder(BYTES_CODER)));
    const codec = codecOf(nested as Coder<unknown>, WINDOW, true);
    const { refs } = codecOf(PAIR, WINDOW, true).decode(
      encoded(
        [1, 2].map((i) => ({ ...element("", 0), value: { key: "k", value: Uint8Array.of(i) } })),
        PAIR,
        WINDOW,
      ),
    ).columns;
    const window = codec.windows.windows.interval(0, 10);
    const stored = codec.decodeValues(codec.encodeValues([refs, new Set(refs)]));
    for (const values of [[refs, refs], [refs, new Set(refs)], stored]) {
      const batch = new Batch([values], ["\x01k"], [9], [window], [ON_TIME_AND_ONLY], 8);
      const { value } = decodeFromBytes(new WindowedValueCoder(nested, WINDOW), codec.encode(batch), true);
      const bytes = [...value.value].map((inner) => [...inner].map((it) => it[0]));
      assert.deepEqual(bytes, [
        [1, 2],
        [1, 2],
      ]);
    }
    assert.equal(codecOf(group as Coder<unknown>, WINDOW).decode(new Uint8Array()).count, 0);
  });

  it("writes the element that an impulse is", () => {
    const global = GLOBAL_WINDOW_CODER as Coder<BoundedWindow>;
    const codec = codecOf(BYTES_CODER as Coder<unknown>, global);
    const window = { all: codec.windows.windows.global };
    const impulse = new Batch([new Uint8Array()], undefined, { all: MIN_TIMESTAMP }, window, { all: NO_FIRING }, 8);
    assert.equal(Buffer.from(codec.encode(impulse)).toString("hex"), "7fdf3b645a1cac09000000010f00");
  });

  it("looks into no value that is behind a length", () => {
    const codec = codecOf(new LengthPrefixCoder(BYTES_CODER) as Coder<unknown>, WINDOW);
    const bytes = encoded([element("a", 1)], BYTES_CODER as Coder<unknown>, WINDOW);
    assert.equal(codec.decode(bytes).count, 1);
  });
});

function element(value: string, timestamp: number): WindowedValue<unknown> {
  const start = Math.floor(timestamp / 10) * 10;
  return { value: Buffer.from(value), timestamp, windows: [new IntervalWindow(start, start + 10)], pane: NO_FIRING };
}

/** The value of the only element of a batch. */
function content(batch: EncodedBatch): Buffer {
  const { bytes, start, end } = batch.columns.refs[0] as EncodedValue;
  return bytes.subarray(start, end);
}

function textOf(ref: unknown): string {
  const { bytes, start, end } = ref as EncodedValue;
  return bytes.toString("hex", start, end);
}

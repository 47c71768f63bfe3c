import assert from "node:assert/strict";
import {
  BYTES_CODER,
  ByteReader,
  type Coder,
  decodeFromBytes,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  IterableCoder,
  type KV,
  KVCoder,
  STRING_CODER,
  StateBackedIterableCoder,
  WindowedValueCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { Batch } from "../../../portability/execution/batch.js";
import { NO_FIRING, ON_TIME_AND_ONLY } from "../../../portability/execution/pane.js";
import { type BoundedWindow, GLOBAL_WINDOW } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { Spill } from "../../store/spill.js";
import { ElementCodec } from "./element-codec.js";
import { ElementWriter } from "./element-writer.js";
import { EncodedGroups } from "./encoded-groups.js";
import { IteratedValues, LargeValues } from "./large-values.js";
import { StoredGroupBatch } from "./stored-group.js";
import { wireOf } from "./testing/arbitraries.js";
import { WindowCodec } from "./window-codec.js";

const table = new WindowTable();
const window = table.interval(0, 10);
const MB = 1 << 20;

function codecOf(coder: Coder<unknown>, windows: Coder<unknown>): ElementCodec {
  const { wire, ids } = wireOf(coder, windows);
  return new ElementCodec(wire, ids[0]!, new WindowCodec(wire, ids[1]!, table), true);
}

const PAIR = new KVCoder(STRING_CODER, BYTES_CODER);
const pairs = codecOf(PAIR as Coder<unknown>, GLOBAL_WINDOW_CODER as Coder<unknown>);
const GROUP = new KVCoder(STRING_CODER, new IterableCoder(BYTES_CODER));
const groups = codecOf(GROUP as Coder<unknown>, INTERVAL_WINDOW_CODER as Coder<unknown>);

/** Values of one key, as many as that, of 100 kB each, and one of another key. */
function grouped(count: number): Batch[] {
  const coder = new WindowedValueCoder(PAIR, GLOBAL_WINDOW_CODER as Coder<BoundedWindow>);
  const element = (key: string, value: Uint8Array): Uint8Array =>
    encodeToBytes(coder, { value: { key, value }, timestamp: 0, windows: [GLOBAL_WINDOW], pane: NO_FIRING }, true);
  const encoded = new EncodedGroups();
  const hot = Array.from({ length: count }, (_, i) => element("hot", Buffer.alloc(100_000, i)));
  encoded.addAll(pairs.decode(Buffer.concat([...hot, element("cold", Buffer.from("x"))])));
  return encoded.emit(9, window, ON_TIME_AND_ONLY);
}

/** What a worker makes of messages: keys, and the values' first bytes, of which it asks for those that it has a token for. */
class Reader {
  /** Bytes of each answer. */
  readonly pages: number[] = [];

  constructor(readonly large: LargeValues) {}

  read(frames: Iterable<Buffer>): [key: string, firsts: number[]][] {
    const values = new StateBackedIterableCoder(BYTES_CODER, { fetch: (token) => this.#fetch(token) });
    const coder = new WindowedValueCoder(
      new KVCoder(STRING_CODER, values as Coder<Iterable<Uint8Array>>),
      INTERVAL_WINDOW_CODER as Coder<BoundedWindow>,
    );
    const found: [string, number[]][] = [];
    for (const frame of frames) {
      const input = new ByteReader(frame);
      while (input.remaining > 0) {
        const { key, value } = coder.decode(input, true).value as KV<string, Iterable<Uint8Array>>;
        found.push([key, Array.from(value, (bytes) => bytes[0]!)]);
      }
    }
    return found;
  }

  *#fetch(token: Uint8Array): Generator<Uint8Array> {
    let continuation: Uint8Array = new Uint8Array();
    do {
      const { case: kind, value } = this.large.answer(token, continuation);
      assert.equal(kind, "get");
      const { data, continuationToken } = value as { data: Uint8Array; continuationToken?: Uint8Array };
      this.pages.push(data.length);
      const input = new ByteReader(data);
      while (input.remaining > 0) yield BYTES_CODER.decode(input, true);
      continuation = continuationToken ?? new Uint8Array();
    } while (continuation.length > 0);
  }
}

const isError = (code: string) => (thrown: unknown) => thrown instanceof GirderError && thrown.code === code;

describe("values of large groups", () => {
  const firsts = Array.from({ length: 60 }, (_, i) => i);

  it("are asked for in parts, by a token that is sent in their place", () => {
    const large = new LargeValues();
    const frames = grouped(60).flatMap((batch) => [...groups.frames(batch, large)]);
    assert.ok(frames.every(({ length }) => length < 200));
    const reader = new Reader(large);
    assert.deepEqual(reader.read(frames), [
      ["hot", firsts],
      ["cold", [120]],
    ]);
    assert.ok(reader.pages.length > 5 && reader.pages.every((bytes) => bytes < 1.2 * MB), String(reader.pages));
    // As often as one likes.
    assert.equal(reader.read(frames)[0]![1].length, 60);
  });

  it("are sent with their key where they are few, and where nobody can ask for them", () => {
    for (const [count, large] of [
      [10, new LargeValues()],
      [60, undefined],
    ] as const) {
      const frames = grouped(count).flatMap((batch) => [...groups.frames(batch, large)]);
      assert.ok(Buffer.concat(frames).length > count * 100_000);
      assert.equal(new Reader(new LargeValues()).read(frames)[0]![1].length, count);
    }
  });

  it("are the same when they are not in memory any more", () => {
    const spill = new Spill();
    const [stored, ...others] = grouped(60).map((batch) => spill.batch(batch, groups));
    assert.ok(stored instanceof StoredGroupBatch);
    assert.deepEqual([stored.count, stored.residentBytes, others.length], [1, 0, 1]);
    const large = new LargeValues();
    const reader = new Reader(large);
    assert.deepEqual(reader.read(groups.frames(stored, large)), [["hot", firsts]]);
    assert.deepEqual(new Reader(large).read(groups.frames(stored)), [["hot", firsts]]);
    // Whoever looks into it finds what he would have found.
    const { refs, keys } = stored.columns;
    assert.deepEqual(keys, [grouped(1)[0]!.columns.keys![0]]);
    assert.equal([...(refs[0] as Iterable<unknown>)].length, 60);
    spill.close();
  });

  it("that come one by one are asked for in parts, too, on from anywhere", () => {
    const [batch] = grouped(60);
    const { refs, keys, timestamps, windows, panes } = batch!.columns;
    let begun = 0;
    const values: Iterable<unknown> = {
      *[Symbol.iterator]() {
        begun++;
        yield* refs[0] as unknown[];
      },
    };
    const large = new LargeValues();
    const iterated = new Batch([values], [keys![0]!], timestamps, windows, panes, 8);
    const frames = [...groups.frames(iterated, large)];
    assert.ok(frames[0]!.length < 100);
    assert.deepEqual(new Reader(large).read(frames), [["hot", firsts]]);
    // Once to see that they are large, and once to read them all.
    assert.equal(begun, 2);
    const again = new IteratedValues(values);
    const page = (from: number): [next: number, first: number] => {
      const writer = new ElementWriter(MB);
      const next = again.page(from, writer, 250_000);
      const input = new ByteReader(writer.take());
      return [next, BYTES_CODER.decode(input, true)[0]!];
    };
    assert.deepEqual(
      [page(0), page(3), page(57), page(3)],
      [
        [3, 0],
        [6, 3],
        [0, 57],
        [6, 3],
      ],
    );
    assert.throws(() => page(61), isError("invalid-argument"));
  });

  it("are not given out by another token", () => {
    const large = new LargeValues();
    const none = new Uint8Array();
    assert.throws(() => large.answer(Buffer.from("1"), none), isError("not-found"));
    const writer = new ElementWriter(64);
    large.write(new IteratedValues([]), writer);
    const frame = writer.take();
    const token = frame.subarray(15);
    const coder = new StateBackedIterableCoder(BYTES_CODER, { fetch: () => [] });
    assert.deepEqual(decodeFromBytes(coder, frame), []);
    assert.deepEqual(large.answer(token, none).value, { data: Buffer.alloc(0), continuationToken: Buffer.alloc(0) });
    assert.throws(() => large.answer(token, Buffer.from("abc")), isError("invalid-argument"));
  });
});

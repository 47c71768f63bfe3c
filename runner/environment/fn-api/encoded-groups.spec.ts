import assert from "node:assert/strict";
import fc from "fast-check";
import {
  BYTES_CODER,
  type Coder,
  encodeToBytes,
  GLOBAL_WINDOW_CODER,
  INTERVAL_WINDOW_CODER,
  IterableCoder,
  type KV,
  KVCoder,
  STRING_CODER,
  WindowedValueCoder,
} from "../../../portability/coders/index.js";
import { Batch } from "../../../portability/execution/batch.js";
import type { Groups } from "../../../portability/execution/groups.js";
import { NO_FIRING, ON_TIME_AND_ONLY } from "../../../portability/execution/pane.js";
import { MAX_TIMESTAMP } from "../../../portability/execution/time.js";
import { type BoundedWindow, GLOBAL_WINDOW } from "../../../portability/execution/window.js";
import { WindowTable } from "../../../portability/execution/window-table.js";
import { Grouping } from "../../engine/grouping.js";
import { STRATEGY } from "../../engine/testing.js";
import { ValueGroups } from "../../engine/value-groups.js";
import { ElementCodec } from "./element-codec.js";
import type { EncodedBatch } from "./encoded-batch.js";
import { EncodedGroups } from "./encoded-groups.js";
import type { EncodedValue } from "./encoded-value.js";
import { wireOf } from "./testing/arbitraries.js";
import { WindowCodec } from "./window-codec.js";

const GLOBAL = GLOBAL_WINDOW_CODER as Coder<BoundedWindow>;
const PAIR = new KVCoder(STRING_CODER, BYTES_CODER);
const table = new WindowTable();
const window = table.interval(0, 10);

function codecOf(coder: Coder<unknown>, windows: Coder<unknown>): ElementCodec {
  const { wire, ids } = wireOf(coder, windows);
  return new ElementCodec(wire, ids[0]!, new WindowCodec(wire, ids[1]!, table), true);
}

const pairs = codecOf(PAIR as Coder<unknown>, GLOBAL_WINDOW_CODER as Coder<unknown>);
const GROUPS = new KVCoder(STRING_CODER, new IterableCoder(BYTES_CODER)) as Coder<unknown>;
const groups = codecOf(GROUPS, INTERVAL_WINDOW_CODER as Coder<unknown>);

function batchOf(all: readonly (readonly [key: string, value: string])[]): EncodedBatch {
  const coder = new WindowedValueCoder(PAIR, GLOBAL);
  return pairs.decode(
    Buffer.concat(
      all.map(([key, value]) => {
        const pair: KV<string, Uint8Array> = { key, value: Buffer.from(value) };
        return encodeToBytes(coder, { value: pair, timestamp: 0, windows: [GLOBAL_WINDOW], pane: NO_FIRING }, true);
      }),
    ),
  );
}

const elements = fc.array(fc.tuple(fc.string({ maxLength: 2 }), fc.string({ maxLength: 4 })), { maxLength: 30 });

/** What is emitted, as it is sent to a worker. */
function sent(grouped: Groups): Buffer {
  return Buffer.concat(grouped.emit(9, window, ON_TIME_AND_ONLY).map((batch) => groups.encode(batch)));
}

describe("groups of encoded values", () => {
  it("are what groups in a map are, in the order in which their keys came", () => {
    const batches = fc.array(fc.tuple(elements, fc.boolean()), { maxLength: 5 });
    fc.assert(
      fc.property(batches, (all) => {
        let encoded = new EncodedGroups();
        const model = new ValueGroups();
        for (const [some, oneByOne] of all) {
          const batch = batchOf(some);
          if (oneByOne) for (let i = 0; i < batch.count; i++) encoded.add(batch, i);
          else encoded.addAll(batch);
          model.addAll(batch);
          // A copy goes on as the groups themselves, which do not hear of it.
          const before = encoded;
          encoded = before.copy();
          before.addAll(batchOf([["another", ""]]));
        }
        assert.equal(encoded.size, model.size);
        assert.deepEqual(sent(encoded), sent(model));
        assert.deepEqual([...encoded.entries()], [...model.entries()]);
        const [columns] = encoded.emit(9, window, ON_TIME_AND_ONLY).map((batch) => batch.columns.keys);
        assert.deepEqual(
          columns ?? [],
          [...model.entries()].map(([key]) => key),
        );
      }),
      { numRuns: 200 },
    );
  });

  it("are cut and chosen as they are", () => {
    const [batch] = (() => {
      const encoded = new EncodedGroups();
      encoded.addAll(batchOf(["a", "b", "a", "c", "d"].map((key, i) => [key, String(i)])));
      return encoded.emit(9, window, ON_TIME_AND_ONLY);
    })();
    const keysOf = (part: Batch): unknown[] => groups.decode(groups.encode(part)).columns.keys as unknown[];
    const whole = keysOf(batch!);
    assert.equal(batch!.count, 4);
    assert.deepEqual(keysOf(batch!.slice(1, 3)), whole.slice(1, 3));
    assert.deepEqual(keysOf(batch!.select([3, 0])), [whole[3], whole[0]]);
    assert.equal(batch!.slice(0, 4), batch);
    assert.equal(batch!.slice(1, 3).bytes + batch!.select([0, 3]).bytes, batch!.bytes);
    assert.deepEqual([batch!.minTimestamp, batch!.windows], [9, { all: window }]);
  });

  it("are many batches if they are many", () => {
    const encoded = new EncodedGroups();
    const value = "x".repeat(300_000);
    for (let i = 0; i < 10; i++) encoded.addAll(batchOf([[`k${i}`, value]]));
    const batches = encoded.emit(9, window, ON_TIME_AND_ONLY);
    assert.deepEqual(
      batches.map(({ count }) => count),
      [4, 4, 2],
    );
  });

  it("hold many keys, and many values of one", () => {
    const encoded = new EncodedGroups();
    const some = (from: number): EncodedBatch =>
      batchOf(Array.from({ length: 5000 }, (_, i) => [i % 5 === 0 ? "hot" : `k${from + i}`, String(i)]));
    for (let from = 0; from < 50_000; from += 5000) encoded.addAll(some(from));
    assert.equal(encoded.size, 40_001);
    const [hot, ...others] = encoded.entries();
    assert.equal(hot![1].length, 10_000);
    assert.ok(others.every(([, values]) => values.length === 1));
  });

  it("take little memory as long as they are few, for there may be many windows", () => {
    const before = process.memoryUsage().arrayBuffers;
    const all = Array.from({ length: 1000 }, () => {
      const encoded = new EncodedGroups();
      encoded.addAll(batchOf([["a", "1"]]));
      return encoded;
    });
    const each = (process.memoryUsage().arrayBuffers - before) / all.length;
    assert.ok(each < 8000, `${each} bytes`);
  });

  it("take batches of elements, and none that the runner has made", () => {
    const encoded = batchOf([["a", "1"]]).newGroups();
    assert.equal(encoded.takes(batchOf([["b", "2"]])), true);
    encoded.addAll(batchOf([["a", "1"]]));
    const [grouped] = encoded.emit(9, window, ON_TIME_AND_ONLY);
    assert.equal(encoded.takes(grouped!), false);
    assert.equal(grouped!.newGroups(), undefined);
    const { refs, keys } = batchOf([["a", "1"]]).columns;
    assert.equal(encoded.takes(new Batch(refs, keys, { all: 0 }, { all: window }, { all: NO_FIRING }, 1)), false);
  });

  it("are put together with what the runner itself has made, in one window", () => {
    const made = ({ columns: { refs, keys } }: Batch): Batch =>
      new Batch(refs, keys, { all: 0 }, { all: table.global }, { all: NO_FIRING }, 1);
    const all = ["1", "2", "3", "4"].map((value) => batchOf([["a", value]]));
    for (const kinds of [
      [0, 1, 0, 1],
      [1, 0, 1, 0],
      [0, 0, 1, 1],
    ]) {
      const grouping = new Grouping(STRATEGY, table);
      all.forEach((batch, i) => {
        grouping.add(kinds[i] === 0 ? batch : made(batch), 0);
      });
      const [emitted, ...others] = grouping.advance(MAX_TIMESTAMP, 0);
      assert.deepEqual(others, []);
      const [values] = emitted!.columns.refs as [Iterable<EncodedValue>];
      assert.deepEqual(
        [...values].map(({ bytes, start, end }) => bytes.toString("latin1", start + 1, end)),
        ["1", "2", "3", "4"],
      );
    }
  });
});

import assert from "node:assert/strict";
import { Batch, StoredBatch } from "./batch.js";
import { NO_FIRING, ON_TIME_AND_ONLY } from "./pane.js";
import { MAX_TIMESTAMP } from "./time.js";
import { WindowTable } from "./window-table.js";

const windows = new WindowTable();
const [first, second] = [windows.interval(0, 10), windows.interval(10, 20)];

function batch(): Batch {
  const panes = [NO_FIRING, ON_TIME_AND_ONLY, NO_FIRING];
  return new Batch(["a", "b", "c"], ["x", "y", "x"], [5, 3, 14], [first, first, second], panes, 300);
}

describe("Batch", () => {
  it("is cut column by column, with its share of the bytes", () => {
    const part = batch().slice(1, 3);
    assert.deepEqual(part.columns.refs, ["b", "c"]);
    assert.deepEqual(part.columns.keys, ["y", "x"]);
    assert.deepEqual(part.columns.timestamps, [3, 14]);
    assert.deepEqual(part.columns.panes, [ON_TIME_AND_ONLY, NO_FIRING]);
    assert.equal(part.bytes, 200);
    assert.equal(part.minTimestamp, 3);
  });

  it("gives its elements at chosen positions", () => {
    const part = batch().select([2, 0]);
    assert.deepEqual(part.columns.refs, ["c", "a"]);
    assert.deepEqual(part.columns.windows, [second, first]);
  });

  it("keeps a column of equal entries as one entry when it is cut", () => {
    const whole = new Batch([1, 2, 3], undefined, { all: 7 }, { all: first }, { all: NO_FIRING }, 30);
    assert.deepEqual(whole.slice(0, 1).columns.timestamps, { all: 7 });
    assert.equal(whole.minTimestamp, 7);
  });

  it("holds back nothing when it is empty", () => {
    assert.equal(
      new Batch([], undefined, { all: 7 }, { all: first }, { all: NO_FIRING }, 0).minTimestamp,
      MAX_TIMESTAMP,
    );
  });

  it("that is stored is fetched only when its columns are looked at", () => {
    let loads = 0;
    const stored = new StoredBatch(batch(), () => {
      loads++;
      return batch();
    });
    assert.deepEqual([stored.count, stored.minTimestamp, stored.bytes, stored.residentBytes], [3, 3, 300, 0]);
    assert.deepEqual(stored.windows, [first, first, second]);
    assert.equal(loads, 0);
    assert.deepEqual(stored.slice(0, 1).columns.refs, ["a"]);
    assert.equal(loads, 1);
  });
});

describe("WindowTable", () => {
  it("has one object for each distinct window", () => {
    assert.equal(windows.interval(0, 10), first);
    assert.notEqual(windows.interval(0, 11), first);
    assert.notEqual(windows.interval(1, 10), first);
    assert.equal(windows.interval(-5, 10), windows.interval(-5, 10));
  });
});

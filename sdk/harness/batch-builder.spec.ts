import assert from "node:assert/strict";
import { WindowTable } from "../../portability/execution/window-table.js";
import { BatchBuilder } from "./batch-builder.js";
import { Cursor } from "./cursor.js";

const cursor = new Cursor(new WindowTable().global);

function batches(count: number, value: unknown): number[] {
  const meter = { bytes: 0 };
  const builder = new BatchBuilder(undefined, meter);
  for (let i = 0; i < count; i++) builder.append(value, cursor);
  const made = builder.take();
  assert.equal(
    made.reduce((sum, { bytes }) => sum + bytes, 0),
    meter.bytes,
  );
  return made.map((batch) => batch.count);
}

describe("a batch builder", () => {
  it("makes batches of some thousand small elements", () => {
    assert.deepEqual(batches(10_000, 7), [4096, 4096, 1808]);
  });

  it("makes batches of about a megabyte of large ones, so that it is known in time how much there is", () => {
    const counts = batches(100, new Uint8Array(100_000));
    assert.ok(
      counts.every((count) => count <= 11),
      counts.join(),
    );
    assert.deepEqual(batches(3, new Uint8Array(5_000_000)), [1, 1, 1]);
  });
});

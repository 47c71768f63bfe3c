import assert from "node:assert/strict";
import type { BatchCodec } from "../../portability/execution/batch.js";
import { Spill } from "./spill.js";

/** Values are texts; `sizes` tells how much was written, and read, at a time. */
class TextCodec implements BatchCodec {
  readonly written: number[] = [];
  readonly read: number[] = [];

  encode(): Uint8Array {
    return assert.fail("no batch is spilled here");
  }

  decode(): never {
    return assert.fail("no batch is spilled here");
  }

  encodeValues(refs: readonly unknown[]): Uint8Array {
    const bytes = Buffer.from(JSON.stringify(refs));
    this.written.push(bytes.length);
    return bytes;
  }

  decodeValues(bytes: Uint8Array): unknown[] {
    this.read.push(bytes.length);
    return JSON.parse(Buffer.from(bytes).toString()) as unknown[];
  }
}

describe("values that are spilled", () => {
  it("are the same whenever they are iterated", () => {
    const spill = new Spill();
    const codec = new TextCodec();
    const [none, few] = [spill.values([], codec), spill.values(["a", "b"], codec)];
    const many = Array.from({ length: 10_000 }, (_, i) => `value ${i}`);
    const spilled = spill.values(many, codec);
    for (let i = 0; i < 2; i++) {
      assert.deepEqual([...none], []);
      assert.deepEqual([...few], ["a", "b"]);
      assert.deepEqual([...spilled], many);
    }
    spill.close();
  });

  it("are written and read in pieces of about a megabyte, whatever their number and size", () => {
    const spill = new Spill();
    for (const [count, size] of [
      [200_000, 10],
      [600, 100_000],
    ] as const) {
      const codec = new TextCodec();
      const spilled = spill.values(
        Array.from({ length: count }, () => "x".repeat(size)),
        codec,
      );
      // Of the first nothing is known.
      assert.ok(
        codec.written.slice(1).every((bytes) => bytes < 1.5 * 1024 * 1024),
        String(codec.written),
      );
      assert.ok(codec.written.length < 70, `${codec.written.length} pieces`);
      const iterator = spilled[Symbol.iterator]();
      iterator.next();
      assert.equal(codec.read.length, 1);
    }
    spill.close();
  });
});

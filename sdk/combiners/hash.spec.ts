import assert from "node:assert/strict";
import { hash53, murmur128 } from "./hash.js";

describe("hash", () => {
  it("is MurmurHash3_x86_128, by the verification value of its author's test suite", () => {
    const digest = (bytes: Uint8Array, seed: number): Uint8Array =>
      new Uint8Array(new Uint32Array(murmur128(bytes, seed)).buffer);
    const hashes = Buffer.alloc(256 * 16);
    const key = new Uint8Array(256);
    for (let length = 0; length < 256; length++) {
      key[length] = length;
      hashes.set(digest(key.subarray(0, length), 256 - length), length * 16);
    }
    assert.equal(Buffer.from(digest(hashes, 0)).readUInt32LE(0).toString(16), "b3ece62a");
  });

  it("is a whole number below 2^53", () => {
    for (let i = 0; i < 1000; i++) {
      const hash = hash53(Buffer.from(`value ${i}`));
      assert.ok(Number.isSafeInteger(hash) && hash >= 0);
    }
  });
});

import assert from "node:assert/strict";
import { ByteReader } from "./byte-reader.js";

const reader = (hex: string) => new ByteReader(Buffer.from(hex, "hex"));
const MALFORMED = { name: "GirderError", code: "malformed-data" };

describe("ByteReader on bytes that nobody wrote", () => {
  it("refuses to read past the end, and past an end set before it", () => {
    assert.throws(() => reader("").readByte(), MALFORMED);
    assert.throws(() => reader("000000").readInt32BE(), MALFORMED);
    assert.throws(() => reader("00000000000000").readDoubleBE(), MALFORMED);
    assert.throws(() => reader("00000000000000").readInt64BE(), MALFORMED);
    assert.throws(() => reader("000000").readFloatBE(), MALFORMED);
    assert.throws(() => reader("00").readInt16BE(), MALFORMED);
    assert.throws(() => reader("0000").readBytes(3), MALFORMED);
    assert.throws(() => new ByteReader(Uint8Array.of(1, 2, 3), 1, 2).readBytes(2), MALFORMED);
    assert.throws(() => reader("ffff").readVarint(), MALFORMED);
  });

  it("refuses varints of more than 64 bits", () => {
    assert.throws(() => reader("ffffffffffffffffff02").readVarint(), MALFORMED);
    assert.throws(() => reader("ffffffffffffffffff7f").readVarint(), MALFORMED);
    assert.throws(() => reader("8080808080808080808001").readVarint(), MALFORMED);
  });

  it("refuses varints that are longer than need be", () => {
    assert.throws(() => reader("8000").readVarint(), MALFORMED);
    assert.throws(() => reader("80808000").readVarint(), MALFORMED);
    assert.throws(() => reader("80808080808080808000").readVarint(), MALFORMED);
    for (const longer of ["8000", "808000", "8080808000", "80808080808000"]) {
      assert.throws(() => reader(`${longer}11223344556677`).readVarint(), MALFORMED);
    }
    assert.equal(reader("00").readVarint(), 0);
  });

  it("refuses lengths of more than is there, and negative ones", () => {
    assert.throws(() => reader("0201").readLength(), MALFORMED);
    assert.throws(() => reader("ffffffff0f").readLength(), MALFORMED);
    assert.throws(() => reader("ffffffffffffffffff01").readLength(), MALFORMED);
    assert.equal(reader("0101").readLength(), 1);
  });

  it("says where and how much is missing", () => {
    assert.throws(() => reader("0102").readInt32BE(), /ends where 4 more bytes should be \(byte 2 /);
  });

  it("refuses bytes left over in a run", () => {
    const input = reader("02aabbcc");
    const outer = input.beginPrefixed();
    input.readByte();
    assert.throws(() => input.endPrefixed(outer), /1 bytes follow/);
  });
});

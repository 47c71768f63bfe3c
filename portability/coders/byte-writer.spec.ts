import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteReader } from "./byte-reader.js";
import { ByteWriter } from "./byte-writer.js";

const hex = (out: ByteWriter) => Buffer.from(out.finish()).toString("hex");

describe("ByteWriter and ByteReader", () => {
  it("write varints as protocol buffers do", () => {
    const cases: [number, string][] = [
      [0, "00"],
      [127, "7f"],
      [128, "8001"],
      [2 ** 31 - 1, "ffffffff07"],
      [2 ** 31, "8080808008"],
      [2 ** 32, "8080808010"],
      [Number.MAX_SAFE_INTEGER, "ffffffffffffff0f"],
      [-1, "ffffffffffffffffff01"],
      [Number.MIN_SAFE_INTEGER, "81808080808080f0ff01"],
    ];
    for (const [value, bytes] of cases) {
      const out = new ByteWriter();
      out.writeVarint(value);
      assert.equal(hex(out), bytes, String(value));
      const wide = new ByteWriter();
      wide.writeVarint64(BigInt(value));
      assert.equal(hex(wide), bytes, `${value}n`);
    }
  });

  it("read back every varint of 64 bits, as a number exactly where that is exact", () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.integer({ min: 0, max: 63 }), (value, shift) => {
        const shifted = value >> BigInt(shift);
        const out = new ByteWriter();
        out.writeVarint64(shifted);
        const input = new ByteReader(out.finish());
        const read = input.readVarint();
        assert.equal(BigInt(read), shifted);
        assert.equal(typeof read === "number", Number.isSafeInteger(Number(shifted)));
        input.expectEnd();
      }),
    );
  });

  it("agree on fixed-width numbers", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
        fc.integer(),
        fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
        fc.double(),
        (short, int, long, double) => {
          const out = new ByteWriter();
          out.writeInt16BE(short);
          out.writeInt32BE(int);
          out.writeInt64BE(long);
          out.writeDoubleBE(double);
          out.writeFloatBE(double);
          const input = new ByteReader(out.finish());
          assert.equal(input.readInt16BE(), short);
          assert.equal(input.readInt32BE(), int);
          assert.equal(input.readInt64BE(), long);
          assert.ok(Object.is(input.readDoubleBE(), double));
          assert.ok(Object.is(input.readFloatBE(), Math.fround(double)));
          input.expectEnd();
        },
      ),
    );
  });

  it("write every NaN alike", () => {
    const odd = new Float64Array(new BigUint64Array([0xfff0_0000_0000_0001n]).buffer)[0]!;
    const out = new ByteWriter();
    out.writeDoubleBE(odd);
    out.writeDoubleBE(Number.NaN);
    assert.equal(hex(out), "7ff80000000000007ff8000000000000");
  });

  it("grow past their first capacity and keep what was written", () => {
    const out = new ByteWriter(16);
    const expected: number[] = [];
    for (let i = 0; i < 5000; i++) {
      out.writeByte(i & 0xff);
      expected.push(i & 0xff);
    }
    out.writeBytes(new Uint8Array(100_000).fill(7));
    assert.equal(out.length, 105_000);
    assert.deepEqual([...out.copy(0, 5000)], expected);
    assert.equal(out.view()[104_999], 7);
  });

  it("put the length in front of runs of any size, nested ones too", () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 126, 127, 128, 16_383, 16_384, 70_000), fc.nat(200), (outer, inner) => {
        const out = new ByteWriter(16);
        out.writeByte(9);
        const a = out.beginPrefixed();
        const b = out.beginPrefixed();
        out.writeBytes(new Uint8Array(inner).fill(2));
        out.endPrefixed(b);
        out.writeBytes(new Uint8Array(outer).fill(1));
        out.endPrefixed(a);
        out.writeByte(8);
        const input = new ByteReader(out.finish());
        assert.equal(input.readByte(), 9);
        const end = input.beginPrefixed();
        assert.deepEqual(input.readBytes(input.readLength()), new Uint8Array(inner).fill(2));
        assert.deepEqual(input.readBytes(input.remaining), new Uint8Array(outer).fill(1));
        input.endPrefixed(end);
        assert.equal(input.readByte(), 8);
        input.expectEnd();
      }),
    );
  });

  it("forget on reset and truncate", () => {
    const out = new ByteWriter();
    out.writeUtf8("hello");
    out.truncate(4);
    assert.equal(out.latin1(), "hell");
    out.reset();
    assert.equal(out.length, 0);
    out.writeInt32BE(1);
    out.setInt32BE(0, -2);
    assert.equal(hex(out), "fffffffe");
  });

  it("copy what they are asked to copy", () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const copy = new ByteReader(bytes).readBytes(3);
    const view = new ByteReader(bytes).readView(3);
    bytes[0] = 9;
    assert.deepEqual([...copy], [1, 2, 3]);
    assert.deepEqual([...view], [9, 2, 3]);
    assert.equal(Object.getPrototypeOf(copy), Uint8Array.prototype);
  });
});

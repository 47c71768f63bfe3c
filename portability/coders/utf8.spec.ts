import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeFromBytes, encodeToBytes } from "./encoding.js";
import { STRING_CODER } from "./string-coder.js";

const MALFORMED = { name: "GirderError", code: "malformed-data" };
const encode = (text: string, nested = false) => encodeToBytes(STRING_CODER, text, nested);
const decode = (hex: string) => decodeFromBytes(STRING_CODER, Buffer.from(hex, "hex"));
/** Any UTF-16, with surrogates in every combination. */
const anyString = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom("\ud800", "\udbff", "\udc00", "\udfff", "\ufffd", "\0", "é", "€", "😀"),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

describe("strings as bytes", () => {
  it("are UTF-8 where the string is well-formed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        assert.deepEqual(Buffer.from(encode(text)), Buffer.from(text, "utf8"));
      }),
    );
  });

  it("come back as they were, lone surrogates and all", () => {
    fc.assert(
      fc.property(anyString, fc.boolean(), (text, nested) => {
        assert.equal(decodeFromBytes(STRING_CODER, encode(text, nested), nested), text);
      }),
    );
  });

  it("come back as they were behind their length, however much longer than the string its encoding is", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("a", "é", "€", "😀", "\ud800"),
        fc.integer({ min: 30, max: 6000 }),
        (unit, length) => {
          const text = `a${unit.repeat(length)}`;
          const bytes = encode(text, true);
          assert.equal(decodeFromBytes(STRING_CODER, bytes, true), text);
          assert.deepEqual(bytes.subarray(-encode(text).length), encode(text));
        },
      ),
    );
  });

  it("are WTF-8 where surrogates are alone", () => {
    assert.equal(Buffer.from(encode("a\ud800é")).toString("hex"), "61eda080c3a9");
    assert.equal(Buffer.from(encode("\udfff\ud800")).toString("hex"), "edbfbfeda080");
  });

  it("differ where the strings differ", () => {
    fc.assert(
      fc.property(anyString, anyString, (a, b) => {
        assert.equal(Buffer.from(encode(a)).equals(encode(b)), a === b);
      }),
    );
  });

  it("keep a replacement character that was written", () => {
    assert.equal(decode("efbfbd"), "\ufffd");
  });

  for (const [what, hex] of [
    ["a continuation byte alone", "80"],
    ["a cut character", "e282"],
    ["a character cut by another", "e28241"],
    ["an overlong form of two bytes", "c080"],
    ["an overlong form of three bytes", "e08080"],
    ["an overlong form of four bytes", "f0808080"],
    ["a code beyond U+10FFFF", "f4908080"],
    ["a byte that never occurs", "ff"],
    ["a surrogate pair as two characters", "eda080edb080"],
  ] as const) {
    it(`refuse ${what}`, () => {
      assert.throws(() => decode(hex), MALFORMED);
      assert.throws(() => decode(`4142434445464748494a4b4c4d4e4f505152${hex}`), MALFORMED);
    });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { IntervalWindow } from "../execution/window.js";
import { decodeFromBytes, encodeToBytes } from "./encoding.js";
import { JS_VALUE_CODER } from "./js-value-coder.js";

const encode = (value: unknown) => Buffer.from(encodeToBytes(JS_VALUE_CODER, value));
const decode = (bytes: Uint8Array) => decodeFromBytes(JS_VALUE_CODER, bytes);
const roundTrip = (value: unknown) => decode(encode(value));
const hex = (bytes: string) => decode(Buffer.from(bytes, "hex"));
const MALFORMED = { name: "GirderError", code: "malformed-data" };

/** Values whose contents deepEqual compares as the coder does. */
const values: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom<unknown>(undefined, null, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY),
    fc.integer(),
    fc.double(),
    fc.bigInt(),
    fc.string({ unit: "binary" }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.int16Array(),
    fc.float64Array(),
    fc.bigUint64Array(),
  ),
  value: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 5, noNullPrototype: true }),
    fc.uniqueArray(fc.string(), { maxLength: 5 }).map((keys) => new Set(keys)),
    fc.array(fc.tuple(fc.integer(), tie("value")), { maxLength: 5 }).map((entries) => new Map(entries)),
  ),
})).value;

/** The same contents, with properties and entries in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value instanceof Map) return new Map([...value].reverse().map(([key, entry]) => [key, reversed(entry)]));
  if (value instanceof Set) return new Set([...value].reverse());
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, child]) => [name, reversed(child)]));
}

describe("the JavaScript value coder", () => {
  it("reads back values of every kind as they were", () => {
    fc.assert(fc.property(values, (value) => assert.deepEqual(roundTrip(value), value)));
  });

  it("writes equal contents as equal bytes, whatever their order", () => {
    fc.assert(fc.property(values, (value) => assert.deepEqual(encode(reversed(value)), encode(value))));
  });

  it("writes different values as different bytes", () => {
    const distinct: unknown[] = [
      undefined,
      null,
      false,
      true,
      0,
      -0,
      1,
      "1",
      1n,
      127,
      128,
      -1,
      Number.NaN,
      0.5,
      2 ** 53,
      2n ** 53n,
      -1n,
      0n,
      255n,
      256n,
      -256n,
      -257n,
      "",
      [],
      {},
      new Map(),
      new Set(),
      [undefined],
      { a: undefined },
      { a: null },
      new Date(0),
      new Date(Number.NaN),
      new Uint8Array(1),
      new Int8Array(1),
      new Uint8ClampedArray(1),
      new Uint8Array(1).buffer,
      new Float32Array(1),
      new Float64Array(1),
      new Map([["a", 1]]),
      { a: 1 },
      new Set(["a"]),
      ["a"],
      [["a"]],
    ];
    assert.equal(new Set(distinct.map((value) => encode(value).toString("hex"))).size, distinct.length);
    for (const value of distinct) assert.deepEqual(encode(roundTrip(value)), encode(value));
  });

  it("writes small integers as one byte, and records compactly", () => {
    assert.equal(encode(5).toString("hex"), "85");
    assert.equal(encode("hi").toString("hex"), "08026869");
    assert.equal(encode({ b: 1, a: [true] }).toString("hex"), "0e02" + "0161" + "0d0103" + "0162" + "81");
  });

  it("keeps bigints of any size", () => {
    for (const value of [2n ** 64n, -(2n ** 64n), 10n ** 400n, -(10n ** 400n), 0n, -1n, 255n, -256n]) {
      assert.equal(roundTrip(value), value);
    }
  });

  it("keeps typed arrays of every kind, of a part of a buffer too", () => {
    const buffer = Uint8Array.from({ length: 32 }, (_, i) => i * 7).buffer;
    for (const Kind of [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array]) {
      assert.deepEqual(roundTrip(new Kind(buffer, 8, 2)), new Kind(buffer, 8, 2));
    }
    for (const Kind of [BigUint64Array, BigInt64Array, Float32Array, Float64Array]) {
      assert.deepEqual(roundTrip(new Kind(buffer, 8, 2)), new Kind(buffer, 8, 2));
    }
    assert.deepEqual(roundTrip(buffer), buffer);
  });

  it("reads Buffers back as Uint8Arrays", () => {
    const read = roundTrip(Buffer.from("abc"));
    assert.deepEqual(read, Uint8Array.from([97, 98, 99]));
    assert.deepEqual(encode(Buffer.from("abc")), encode(Uint8Array.from([97, 98, 99])));
  });

  it("keeps dates, of every year and invalid ones", () => {
    for (const time of [0, -1, 8.64e15, -8.64e15]) assert.deepEqual(roundTrip(new Date(time)), new Date(time));
    const invalid = roundTrip(new Date(Number.NaN));
    assert.ok(invalid instanceof Date && Number.isNaN(invalid.getTime()));
  });

  it("reads holes of arrays back as undefined", () => {
    const sparse: number[] = [1];
    sparse[2] = 3;
    assert.deepEqual(roundTrip(sparse), [1, undefined, 3]);
  });

  it("keeps a property called __proto__ a property", () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": true}, "a": 1}');
    const read = roundTrip(value) as Record<string, unknown>;
    assert.deepEqual(Object.keys(read).sort(), ["__proto__", "a"]);
    assert.equal(Object.getPrototypeOf(read), Object.prototype);
    assert.equal(read["polluted"], undefined);
  });

  it("takes objects without prototype as plain ones", () => {
    assert.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
  });

  it("allows the same object twice, and objects that are equal in a Set", () => {
    const shared = { a: 1 };
    assert.deepEqual(roundTrip([shared, shared]), [{ a: 1 }, { a: 1 }]);
    assert.equal((roundTrip(new Set([{}, {}])) as Set<unknown>).size, 2);
  });
});

describe("what the JavaScript value coder refuses", () => {
  class Person {
    constructor(readonly name: string) {}
  }

  for (const [what, value, message] of [
    ["an instance of a class", new Person("Ada"), /An instance of Person is no plain JavaScript data\. Use a plain/],
    ["a function", function greet() {}, /The function greet is no plain JavaScript data/],
    ["a symbol", Symbol("s"), /Symbol\(s\) is no plain/],
    ["a subclass of Map", new (class Registry extends Map {})(), /An instance of Registry/],
    ["an error", new TypeError("no"), /An instance of TypeError/],
    ["a promise", Promise.resolve(1), /An instance of Promise/],
    ["a window, which has coders of its own", new IntervalWindow(0, 1), /An instance of IntervalWindow/],
  ] as const) {
    it(`includes ${what}`, () => {
      assert.throws(() => encode(value), { code: "cannot-encode", message });
    });
  }

  it("is told with its place", () => {
    const value = { users: [{ name: "a" }, { name: "b", greet: () => 1 }] };
    assert.throws(() => encode(value), /at \.users\[1\]\.greet of the value/);
    assert.throws(() => encode(new Map([["k", { p: new Person("x") }]])), /at <the string "k">\.p of the value/);
    assert.throws(() => encode(new Set([[Symbol.iterator]])), /at <entry>\[0\] of the value/);
  });

  it("includes cycles, without overflowing the stack", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = { list: [cycle] };
    const map = new Map<unknown, unknown>();
    map.set(map, map);
    for (const value of [cycle, map])
      assert.throws(() => encode(value), { code: "cannot-encode", message: /refers to itself/ });
  });

  it("includes values nested too deep, but none that could be read back", () => {
    const nest = (depth: number): unknown => {
      let value: unknown = "core";
      for (let i = 0; i < depth; i++) value = [value];
      return value;
    };
    assert.deepEqual(roundTrip(nest(501)), nest(501));
    assert.throws(() => encode(nest(502)), { code: "cannot-encode" });
    assert.throws(() => encode(nest(1_000_000)), { code: "cannot-encode" });
  });
});

describe("bytes that the JavaScript value coder refuses", () => {
  for (const [what, bytes] of [
    ["an unknown tag", "11"],
    ["a small integer in long form", "0405"],
    ["an integer beyond the safe ones", "0480808080808080808001"],
    ["an integer as double", "053ff0000000000000"],
    ["a bigint with a leading zero", "06020001"],
    ["a date beyond JavaScript's", "0980808080808080808001"],
    ["a typed array of no kind", "0c0b00"],
    ["a typed array cut inside an element", "0c0a0400000000"],
    ["an array of more elements than bytes", "0dff0f"],
    ["an object of more properties than bytes", "0effffffff0f"],
    ["properties out of order", "0e0201620001610000"],
    ["a property twice", "0e0201610101610100"],
    ["a Map with a key twice", "0f0281808181"],
    ["a Map out of order", "0f0282808180"],
    ["a Set with an entry twice", "10028181"],
    ["arrays nested without end", `${"0d01".repeat(600)}80`],
  ] as const) {
    it(`include ${what}`, () => {
      assert.throws(() => hex(bytes), MALFORMED);
    });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { GirderError } from "../errors.js";
import { isEncodedIdentity } from "../execution/key-identity.js";
import type { PaneInfo } from "../execution/pane.js";
import { GLOBAL_WINDOW_MAX_TIMESTAMP, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../execution/time.js";
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow, OpaqueWindow } from "../execution/window.js";
import type { WindowedValue } from "../execution/windowed-value.js";
import { BOOL_CODER } from "./bool-coder.js";
import { BYTES_CODER } from "./bytes-coder.js";
import type { Coder } from "./coder.js";
import { CustomWindowCoder } from "./custom-window-coder.js";
import { DOUBLE_CODER } from "./double-coder.js";
import { decodeFromBytes, encodeToBytes } from "./encoding.js";
import { GLOBAL_WINDOW_CODER } from "./global-window-coder.js";
import { INTERVAL_WINDOW_CODER } from "./interval-window-coder.js";
import { IterableCoder } from "./iterable-coder.js";
import { JS_VALUE_CODER } from "./js-value-coder.js";
import { KVCoder } from "./kv-coder.js";
import { LengthPrefixCoder } from "./length-prefix-coder.js";
import { NullableCoder } from "./nullable-coder.js";
import { ParamWindowedValueCoder } from "./param-windowed-value-coder.js";
import { ShardedKeyCoder } from "./sharded-key-coder.js";
import { StateBackedIterableCoder } from "./state-backed-iterable-coder.js";
import { STRING_CODER } from "./string-coder.js";
import { type Timer, TimerCoder } from "./timer-coder.js";
import { VARINT_CODER } from "./varint-coder.js";
import { WindowedValueCoder, type WindowedValueHeader } from "./windowed-value-coder.js";

/** Records as coders decode them: with Object's prototype. */
function plain<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** Values drawn from few, so that equal ones occur, as well as from all. */
const strings = fc.oneof(
  fc.constantFrom("", "a", "b", "\ud800", "\ud800a", "\u{10000}", "\ufffd"),
  fc.string({ unit: "binary" }),
);
const byteArrays = fc.oneof(fc.constantFrom(Uint8Array.of(), Uint8Array.of(0)), fc.uint8Array({ maxLength: 300 }));
const integers = fc.oneof(
  fc.constantFrom<number | bigint>(0, -1, 1, 127, 128, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER),
  fc.maxSafeInteger(),
  fc.bigInt(2n ** 53n, 2n ** 63n - 1n),
  fc.bigInt(-(2n ** 63n), -(2n ** 53n)),
);
const doubles = fc.oneof(fc.constantFrom(0, -0, Number.NaN, 1), fc.double());
const instants = fc.oneof(
  fc.constantFrom(0, -1, MIN_TIMESTAMP, MAX_TIMESTAMP, GLOBAL_WINDOW_MAX_TIMESTAMP, 2 ** 52, -(2 ** 52)),
  fc.integer({ min: -(2 ** 52), max: 2 ** 52 }),
  fc.integer({ min: MAX_TIMESTAMP - 10 ** 9, max: MAX_TIMESTAMP }),
);
const intervals = fc
  .tuple(instants, fc.oneof(fc.nat(), fc.constantFrom(0, 1)), instants, fc.boolean())
  .map(([a, span, b, near]) => {
    const other = near ? plus(a, span) : b;
    return new IntervalWindow(Math.min(a, other), Math.max(a, other));
  });
const panes: fc.Arbitrary<PaneInfo> = plain({
  timing: fc.constantFrom("EARLY", "ON_TIME", "LATE", "UNKNOWN"),
  isFirst: fc.boolean(),
  isLast: fc.boolean(),
  index: fc.oneof(fc.constant(0), fc.nat()),
  nonSpeculativeIndex: fc.oneof(fc.constantFrom(-1, 0), fc.nat()),
});
const windows: Coder<BoundedWindow> = INTERVAL_WINDOW_CODER as Coder<BoundedWindow>;
const header: WindowedValueHeader = { timestamp: 1000, windows: [new IntervalWindow(10, 20)], pane: paneOf(3) };

function paneOf(index: number): PaneInfo {
  return { timing: "LATE", isFirst: false, isLast: false, index, nonSpeculativeIndex: index - 1 };
}

interface Case {
  readonly name: string;
  readonly coder: Coder<unknown>;
  readonly values: fc.Arbitrary<unknown>;
}

function a<T>(name: string, coder: Coder<T>, values: fc.Arbitrary<T>): Case {
  return { name, coder: coder as Coder<unknown>, values };
}

const windowedValues: fc.Arbitrary<WindowedValue<string>> = fc.oneof(
  plain({ value: strings, timestamp: instants, windows: fc.array(intervals), pane: panes }),
  plain({ value: strings, timestamp: instants, windows: fc.array(intervals), pane: panes, metadata: byteArrays }),
);
const timers: fc.Arbitrary<Timer<string>> = fc.oneof(
  plain({
    userKey: strings,
    dynamicTimerTag: strings,
    windows: fc.array(intervals),
    clearBit: fc.constant<false>(false),
    fireTimestamp: instants,
    holdTimestamp: instants,
    pane: panes,
  }),
  plain({
    userKey: strings,
    dynamicTimerTag: strings,
    windows: fc.array(intervals),
    clearBit: fc.constant<true>(true),
  }),
);
const jsValues = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, 0, -0, 127, 128, 5n, 0n, -1n, "", "a", "\ud800", Number.NaN),
  fc.anything({ withDate: true, withMap: true, withSet: true, withBigInt: true, withTypedArray: true }),
);

const CASES: readonly Case[] = [
  a("bytes", BYTES_CODER, byteArrays),
  a("string", STRING_CODER, strings),
  a("bool", BOOL_CODER, fc.boolean()),
  a("varint", VARINT_CODER, integers),
  a("double", DOUBLE_CODER, doubles),
  a("global window", GLOBAL_WINDOW_CODER, fc.constant(GLOBAL_WINDOW)),
  a("interval window", INTERVAL_WINDOW_CODER, intervals),
  a("kv", new KVCoder(STRING_CODER, BYTES_CODER), plain({ key: strings, value: byteArrays })),
  a("iterable", new IterableCoder(VARINT_CODER) as Coder<(number | bigint)[]>, fc.array(integers)),
  a("iterable of iterables", new IterableCoder(new IterableCoder(STRING_CODER)), fc.array(fc.array(strings))),
  a("state-backed iterable", new StateBackedIterableCoder(STRING_CODER, { fetch: () => [] }), fc.array(strings)),
  a("length prefix", new LengthPrefixCoder(STRING_CODER), strings),
  a(
    "length prefix of kv",
    new LengthPrefixCoder(new KVCoder(STRING_CODER, STRING_CODER)),
    plain({ key: strings, value: strings }),
  ),
  a("nullable", new NullableCoder(STRING_CODER), fc.option(strings)),
  a("nullable bytes", new NullableCoder(BYTES_CODER), fc.option(byteArrays)),
  a("sharded key", new ShardedKeyCoder(STRING_CODER), plain({ key: strings, shardId: byteArrays })),
  a("windowed value", new WindowedValueCoder(STRING_CODER, windows), windowedValues),
  a(
    "param windowed value",
    new ParamWindowedValueCoder(STRING_CODER, windows, header),
    strings.map((value) => ({ ...header, value })),
  ),
  a("timer", new TimerCoder(STRING_CODER, windows), timers),
  a(
    "custom window",
    new CustomWindowCoder(INTERVAL_WINDOW_CODER),
    intervals.filter((window) => window.end > MIN_TIMESTAMP) as fc.Arbitrary<BoundedWindow>,
  ),
  a(
    "opaque custom window",
    new CustomWindowCoder(new LengthPrefixCoder(BYTES_CODER)),
    fc.tuple(byteArrays, instants).map(([encoded, end]): BoundedWindow => new OpaqueWindow(encoded, end)),
  ),
  a("JavaScript value", JS_VALUE_CODER, jsValues.filter(isPlain)),
];

/** Whether fast-check's "anything" is what the coder takes: not objects whose "toString" and the like it has replaced. */
function isPlain(value: unknown): boolean {
  try {
    encodeToBytes(JS_VALUE_CODER, value);
    return true;
  } catch (error) {
    assert.ok(error instanceof GirderError && error.code === "cannot-encode");
    return false;
  }
}

function decodeOrRefuse(coder: Coder<unknown>, bytes: Uint8Array, nested: boolean): void {
  try {
    decodeFromBytes(coder, bytes, nested);
  } catch (error) {
    assert.ok(error instanceof GirderError, String(error));
    assert.equal(error.code, "malformed-data");
  }
}

for (const { name, coder, values } of CASES) {
  describe(`the ${name} coder`, () => {
    it("reads back what it wrote, in both contexts", () => {
      fc.assert(
        fc.property(values, fc.boolean(), (value, nested) => {
          const bytes = encodeToBytes(coder, value, nested);
          const read = decodeFromBytes(coder, bytes, nested);
          assert.deepEqual(Buffer.from(encodeToBytes(coder, read, nested)), Buffer.from(bytes));
          if (coder !== (JS_VALUE_CODER as Coder<unknown>)) assert.deepEqual(read, value);
        }),
      );
    });

    it("says where a nested value ends", () => {
      fc.assert(
        fc.property(values, values, (first, second) => {
          const pair = new KVCoder(coder, coder);
          const bytes = encodeToBytes(pair, { key: first, value: second }, true);
          const { key, value } = decodeFromBytes(pair, bytes, true);
          assert.deepEqual(encodeToBytes(coder, key), encodeToBytes(coder, first));
          assert.deepEqual(encodeToBytes(coder, value), encodeToBytes(coder, second));
        }),
      );
    });

    it("identifies two values alike exactly where their bytes are", () => {
      fc.assert(
        fc.property(values, values, (first, second) => {
          const same = Buffer.from(encodeToBytes(coder, first, true)).equals(encodeToBytes(coder, second, true));
          assert.equal(coder.keyIdentity(first) === coder.keyIdentity(second), same);
          const read = decodeFromBytes(coder, encodeToBytes(coder, first, true), true);
          assert.equal(coder.keyIdentity(read), coder.keyIdentity(first));
        }),
      );
    });

    it("decodes or refuses every beginning of an encoding", () => {
      fc.assert(
        fc.property(values, fc.boolean(), (value, nested) => {
          const bytes = encodeToBytes(coder, value, nested);
          for (let length = 0; length < Math.min(bytes.length, 200); length++) {
            decodeOrRefuse(coder, bytes.subarray(0, length), nested);
          }
        }),
        { numRuns: 30 },
      );
    });

    it("decodes or refuses arbitrary bytes and damaged encodings", () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), values, fc.nat(), fc.boolean(), (noise, value, at, nested) => {
          decodeOrRefuse(coder, noise, nested);
          const bytes = encodeToBytes(coder, value, nested);
          if (bytes.length > 0) bytes[at % bytes.length] = noise[0] ?? 0xff;
          decodeOrRefuse(coder, bytes, nested);
        }),
      );
    });

    it("refuses bytes that follow a nested value", () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = Uint8Array.of(...encodeToBytes(coder, value, true), 0);
          assert.throws(() => decodeFromBytes(coder, bytes, true), { code: "malformed-data" });
        }),
        { numRuns: 20 },
      );
    });
  });
}

describe("key identity", () => {
  it("is the bare value for strings, booleans and safe integers", () => {
    assert.equal(STRING_CODER.keyIdentity("key"), "key");
    assert.equal(VARINT_CODER.keyIdentity(7), 7);
    assert.equal(VARINT_CODER.keyIdentity(7n), 7);
    assert.ok(Object.is(VARINT_CODER.keyIdentity(-0), 0));
    assert.equal(BOOL_CODER.keyIdentity(true), true);
    assert.equal(JS_VALUE_CODER.keyIdentity("key"), "key");
    assert.equal(JS_VALUE_CODER.keyIdentity(-7), -7);
    assert.equal(new LengthPrefixCoder(STRING_CODER).keyIdentity("key"), "key");
    assert.equal(new NullableCoder(VARINT_CODER).keyIdentity(1), 1);
  });

  it("is made of bytes for everything else", () => {
    assert.equal(DOUBLE_CODER.keyIdentity(1), "\ud800?\u00f0\0\0\0\0\0\0");
    assert.equal(STRING_CODER.keyIdentity("\ud800"), "\ud800\u0003\u00ed\u00a0\u0080");
    for (const value of [-0, 0.5, null, undefined, 1n, [1], { a: 1 }]) {
      assert.ok(isEncodedIdentity(JS_VALUE_CODER.keyIdentity(value)), String(value));
    }
    assert.ok(isEncodedIdentity(VARINT_CODER.keyIdentity(2n ** 53n)));
    assert.ok(isEncodedIdentity(new NullableCoder(STRING_CODER).keyIdentity(null)));
  });

  it("does not take huge keys for one another", () => {
    // A coder of 32 bits makes one group of these.
    const identities = [0, 2 ** 40, 2 ** 41].map((key) => VARINT_CODER.keyIdentity(key));
    assert.equal(new Set(identities).size, 3);
  });
});

describe("what coders refuse to write", () => {
  const refusals: readonly [string, Coder<unknown>, unknown][] = [
    ["a number as bytes", BYTES_CODER, 1],
    ["an array of numbers as bytes", BYTES_CODER, [1]],
    ["a number as string", STRING_CODER, 1],
    ["null as string", STRING_CODER, null],
    ["a string as bool", BOOL_CODER, "true"],
    ["a fraction as varint", VARINT_CODER, 0.5],
    ["NaN as varint", VARINT_CODER, Number.NaN],
    ["a string as varint", VARINT_CODER, "1"],
    ["2^63 as varint", VARINT_CODER, 2n ** 63n],
    ["2^63 as a number as varint", VARINT_CODER, 2 ** 63],
    ["−2^63 − 1 as varint", VARINT_CODER, -(2n ** 63n) - 1n],
    ["a bigint as double", DOUBLE_CODER, 1n],
    ["an array as kv", new KVCoder(STRING_CODER, STRING_CODER), ["a", "b"]],
    ["undefined as kv", new KVCoder(STRING_CODER, STRING_CODER), undefined],
    ["a string as iterable", new IterableCoder(STRING_CODER), "abc"],
    ["an object as iterable", new IterableCoder(STRING_CODER), {}],
    ["another window as the global one", GLOBAL_WINDOW_CODER, new IntervalWindow(0, 1)],
    ["the global window as an interval", INTERVAL_WINDOW_CODER, GLOBAL_WINDOW],
    ["an interval that ends before it starts", INTERVAL_WINDOW_CODER, new IntervalWindow(1, 0)],
    ["an interval of fractions", INTERVAL_WINDOW_CODER, new IntervalWindow(0.5, 1)],
    ["a string as sharded key", new ShardedKeyCoder(STRING_CODER), "key"],
  ];
  for (const [what, coder, value] of refusals) {
    it(`includes ${what}`, () => {
      const error = { name: "GirderError", code: "cannot-encode" };
      assert.throws(() => encodeToBytes(coder, value), error);
      assert.throws(() => encodeToBytes(coder, value, true), error);
    });
  }

  it("is said with the value and the remedy", () => {
    assert.throws(() => encodeToBytes(STRING_CODER, 5 as unknown as string), {
      message:
        "[cannot-encode] The string coder writes strings, but was given the number 5. " +
        "Output a value of that type, or give the PCollection a coder of its own.",
    });
  });
});

describe("determinism", () => {
  it("is lost with doubles, in components too", () => {
    assert.match(DOUBLE_CODER.nondeterminism, /doubles/);
    assert.equal(new KVCoder(STRING_CODER, DOUBLE_CODER).nondeterminism, DOUBLE_CODER.nondeterminism);
    assert.equal(new IterableCoder(new NullableCoder(DOUBLE_CODER)).nondeterminism, DOUBLE_CODER.nondeterminism);
    assert.equal(new LengthPrefixCoder(STRING_CODER).nondeterminism, undefined);
    assert.equal(JS_VALUE_CODER.nondeterminism, undefined);
  });
});

describe("hostile counts", () => {
  const decode = (coder: Coder<unknown>, hex: string) => decodeFromBytes(coder, Buffer.from(hex, "hex"));
  const MALFORMED = { code: "malformed-data" };

  it("do not fill memory with elements that have no bytes", () => {
    const coder = new IterableCoder(GLOBAL_WINDOW_CODER);
    assert.throws(() => decode(coder, "7fffffff"), MALFORMED);
    assert.throws(() => decode(coder, "ffffffffffffffff0f00"), MALFORMED);
    assert.throws(() => decode(coder, `ffffffff${"20".repeat(100)}00`), MALFORMED);
  });

  it("are refused where they are negative", () => {
    const coder = new IterableCoder(VARINT_CODER);
    assert.throws(() => decode(coder, "fffffffe"), MALFORMED);
    assert.throws(() => decode(coder, "fffffffffeffffffffffffffff01"), MALFORMED);
  });

  it("of state tokens are refused where nothing can fetch them", () => {
    const token = "ffffffffffffffffffffffffff010161";
    assert.throws(() => decode(new IterableCoder(VARINT_CODER), token), MALFORMED);
    assert.throws(() => decode(new StateBackedIterableCoder(VARINT_CODER), token), MALFORMED);
    const fetching = new StateBackedIterableCoder(VARINT_CODER, { fetch: (bytes) => [...bytes] });
    assert.deepEqual(decode(fetching, token), [0x61]);
  });
});

describe("the interval window coder", () => {
  it("reads a start before the beginning of time as the beginning of time", () => {
    const out = "7fdf3b645a1cb1c0"; // MIN + 5,047 ms, the end of a window of 10 s around MIN
    const window = decodeFromBytes(INTERVAL_WINDOW_CODER, Buffer.from(`${out}904e`, "hex"));
    assert.equal(window.start, MIN_TIMESTAMP);
    assert.ok(window.end > MIN_TIMESTAMP && window.end < MIN_TIMESTAMP + 10_000);
  });

  it("refuses a start in the gap between calendar and bounds", () => {
    const bytes = encodeToBytes(INTERVAL_WINDOW_CODER, new IntervalWindow(0, MAX_TIMESTAMP));
    // A span of 2^52 ms: the start is neither of the calendar nor beside the bound.
    const spanless = [...bytes.subarray(0, 8), ...Buffer.from("8080808080808008", "hex")];
    assert.throws(() => decodeFromBytes(INTERVAL_WINDOW_CODER, Uint8Array.from(spanless)), { code: "malformed-data" });
  });

  it("keeps the instants of windows that reach to the end of time", () => {
    const window = new IntervalWindow(-5, MAX_TIMESTAMP);
    assert.deepEqual(decodeFromBytes(INTERVAL_WINDOW_CODER, encodeToBytes(INTERVAL_WINDOW_CODER, window)), window);
  });
});

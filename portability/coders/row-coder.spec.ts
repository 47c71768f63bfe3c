import assert from "node:assert/strict";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { GirderError } from "../errors.js";
import {
  AtomicType,
  type FieldTypeSchema,
  type Schema,
  SchemaCoderPayloadSchema,
  SchemaSchema,
} from "../gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { LogicalTypes } from "../urns.js";
import { decodeFromBytes, encodeToBytes } from "./encoding.js";
import type { Row } from "./row-codec.js";
import { RowCoder } from "./row-coder.js";
import { SchemaCoder } from "./schema-coder.js";

type FieldType = MessageInitShape<typeof FieldTypeSchema>;

const atom = (value: AtomicType, nullable = false): FieldType => ({
  nullable,
  typeInfo: { case: "atomicType", value },
});
const array = (elementType: FieldType): FieldType => ({ typeInfo: { case: "arrayType", value: { elementType } } });
const logical = (urn: string, representation: FieldType): FieldType => ({
  typeInfo: { case: "logicalType", value: { urn, representation } },
});

function schemaOf(fields: Record<string, FieldType>, positions?: readonly number[]): Schema {
  return create(SchemaSchema, {
    encodingPositionsSet: positions !== undefined,
    fields: Object.entries(fields).map(([name, type], i) => ({ name, type, encodingPosition: positions?.[i] ?? 0 })),
  });
}

const hex = (coder: RowCoder, row: Row) => Buffer.from(encodeToBytes(coder, row)).toString("hex");
const decode = (coder: RowCoder, bytes: string) => decodeFromBytes(coder, Buffer.from(bytes, "hex"));
const MALFORMED = { name: "GirderError", code: "malformed-data" };

const everything = new RowCoder(
  schemaOf(
    {
      byte: atom(AtomicType.BYTE),
      short: atom(AtomicType.INT16),
      int: atom(AtomicType.INT32),
      long: atom(AtomicType.INT64),
      float: atom(AtomicType.FLOAT),
      double: atom(AtomicType.DOUBLE),
      text: atom(AtomicType.STRING, true),
      flag: atom(AtomicType.BOOLEAN, true),
      bytes: atom(AtomicType.BYTES, true),
      list: array(atom(AtomicType.INT32, true)),
      seq: { typeInfo: { case: "iterableType", value: { elementType: atom(AtomicType.STRING) } } },
      map: {
        typeInfo: {
          case: "mapType",
          value: { keyType: atom(AtomicType.STRING), valueType: array(atom(AtomicType.BOOLEAN)) },
        },
      },
      inner: {
        nullable: true,
        typeInfo: { case: "rowType", value: { schema: schemaOf({ x: atom(AtomicType.INT64, true) }) } },
      },
      when: logical(LogicalTypes.Enum.MILLIS_INSTANT, atom(AtomicType.INT64)),
      money: logical(LogicalTypes.Enum.DECIMAL, atom(AtomicType.BYTES)),
      other: logical("my:logical_type:v1", atom(AtomicType.STRING)),
    },
    [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
  ),
);

const longs = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt(2n ** 53n, 2n ** 63n - 1n),
  fc.bigInt(-(2n ** 63n), -(2n ** 53n)),
);
const decimals = fc
  .tuple(fc.bigInt(-(10n ** 30n), 10n ** 30n), fc.integer({ min: 1, max: 35 }))
  .map(([unscaled, scale]) => {
    const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
    return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  });
const rows = fc.record(
  {
    byte: fc.integer({ min: -128, max: 127 }),
    short: fc.integer({ min: -32_768, max: 32_767 }),
    int: fc.integer(),
    long: longs,
    float: fc.float(),
    double: fc.double(),
    text: fc.option(fc.string({ unit: "binary" })),
    flag: fc.option(fc.boolean()),
    bytes: fc.option(fc.uint8Array()),
    list: fc.array(fc.option(fc.integer())),
    seq: fc.array(fc.string()),
    map: fc.array(fc.tuple(fc.string(), fc.array(fc.boolean()))).map((entries) => new Map(entries)),
    inner: fc.option(fc.record({ x: fc.option(longs) }, { noNullPrototype: true })),
    when: longs,
    money: decimals,
    other: fc.string(),
  },
  { noNullPrototype: true },
);

describe("the row coder", () => {
  it("reads back rows of every type", () => {
    fc.assert(
      fc.property(rows, fc.boolean(), (row, nested) => {
        assert.deepEqual(decodeFromBytes(everything, encodeToBytes(everything, row, nested), nested), row);
      }),
    );
  });

  it("decodes or refuses damaged rows", () => {
    fc.assert(
      fc.property(rows, fc.nat(), fc.nat(255), fc.nat(), (row, at, byte, cut) => {
        const bytes = encodeToBytes(everything, row);
        bytes[at % bytes.length] = byte;
        for (const damaged of [bytes, bytes.subarray(0, cut % bytes.length)]) {
          try {
            decodeFromBytes(everything, damaged);
          } catch (error) {
            assert.ok(error instanceof GirderError && error.code === "malformed-data", String(error));
          }
        }
      }),
    );
  });

  it("writes maps of one content alike", () => {
    const coder = new RowCoder(
      schemaOf({
        m: {
          typeInfo: { case: "mapType", value: { keyType: atom(AtomicType.STRING), valueType: atom(AtomicType.BYTE) } },
        },
      }),
    );
    const entries: [string, number][] = [
      ["b", 1],
      ["a", 2],
      ["c", 3],
    ];
    assert.equal(hex(coder, { m: new Map(entries) }), hex(coder, { m: new Map(entries.reverse()) }));
    assert.equal(coder.nondeterminism, undefined);
  });

  it("keeps the schema's order of fields, whatever the order of encoding", () => {
    const coder = new RowCoder(schemaOf({ a: atom(AtomicType.BYTE), b: atom(AtomicType.BYTE) }, [1, 0]));
    assert.equal(hex(coder, { a: 1, b: 2 }), "02000201");
    assert.deepEqual(Object.keys(decode(coder, "02000201")), ["a", "b"]);
  });

  it("writes negative integers of 32 bits in five bytes, and reads Go's ten", () => {
    const coder = new RowCoder(schemaOf({ i: atom(AtomicType.INT32) }));
    assert.equal(hex(coder, { i: -1 }), "0100ffffffff0f");
    assert.deepEqual(decode(coder, "0100ffffffff0f"), { i: -1 });
    assert.deepEqual(decode(coder, "0100ffffffffffffffffff01"), { i: -1 });
    assert.throws(() => decode(coder, "01008080808010"), MALFORMED);
  });

  it("writes a bitmap no longer than the last null needs, and reads a padded one", () => {
    const fields = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`f${i}`, atom(AtomicType.BOOLEAN, true)]));
    const coder = new RowCoder(schemaOf(fields));
    const row = { ...Object.fromEntries(Object.keys(fields).map((name) => [name, true])), f0: null };
    assert.equal(hex(coder, row), `090101${"01".repeat(8)}`);
    assert.deepEqual(decode(coder, `09020100${"01".repeat(8)}`), row);
    assert.equal(hex(coder, { ...row, f0: true, f8: null }), `09020001${"01".repeat(8)}`);
  });

  it("reads rows from before a field was added as null there", () => {
    const coder = new RowCoder(schemaOf({ a: atom(AtomicType.BYTE), b: atom(AtomicType.BYTE, true) }));
    assert.deepEqual(decode(coder, "010007"), { a: 7, b: null });
    const strict = new RowCoder(schemaOf({ a: atom(AtomicType.BYTE), b: atom(AtomicType.BYTE) }));
    assert.throws(() => decode(strict, "010007"), MALFORMED);
  });

  it("takes absent fields as null where they may be", () => {
    const coder = new RowCoder(schemaOf({ a: atom(AtomicType.BYTE, true), b: atom(AtomicType.BYTE) }));
    assert.deepEqual(decode(coder, hex(coder, { b: 1 })), { a: null, b: 1 });
    assert.throws(() => hex(coder, { a: 1 }), { code: "cannot-encode", where: "field b" });
  });

  it("names the field that does not fit", () => {
    const coder = new RowCoder(
      schemaOf({ o: { typeInfo: { case: "rowType", value: { schema: schemaOf({ i: atom(AtomicType.INT16) }) } } } }),
    );
    assert.throws(() => hex(coder, { o: { i: 40_000 } }), { code: "cannot-encode", where: "field o, field i" });
    assert.throws(() => hex(coder, { o: 1 }), { code: "cannot-encode", where: "field o" });
  });

  it("writes decimals digit for digit", () => {
    const coder = new RowCoder(schemaOf({ d: logical(LogicalTypes.Enum.DECIMAL, atom(AtomicType.BYTES)) }));
    const through = (d: string) => decode(coder, hex(coder, { d }))["d"];
    for (const d of ["0", "1", "-1", "1.0", "0.001", "-0.5", "127", "128", "-128", "-129", "1E+100", "12E-90"]) {
      assert.equal(through(d), d);
    }
    assert.equal(through("+1.50e2"), "150");
    assert.equal(decode(coder, `0100ffffffff07${"0101"}`)["d"], "1E-2147483647");
    for (const d of ["", "1.", ".5", "abc", "1e99999999999", 1.5, "NaN"]) {
      assert.throws(() => hex(coder, { d }), { code: "cannot-encode" });
    }
  });

  it("says whether floats or doubles make it nondeterministic", () => {
    assert.match(everything.nondeterminism ?? "", /doubles/);
    assert.equal(new RowCoder(schemaOf({ a: array(atom(AtomicType.STRING)) })).nondeterminism, undefined);
  });

  it("refuses schemas that contradict themselves", () => {
    const byte = atom(AtomicType.BYTE);
    const twice = create(SchemaSchema, {
      fields: [
        { name: "a", type: byte },
        { name: "a", type: byte },
      ],
    });
    for (const schema of [
      twice,
      schemaOf({ a: byte, b: byte }, [0, 2]),
      schemaOf({ a: byte, b: byte }, [0, 0]),
      schemaOf({ a: {} }),
      schemaOf({ a: atom(AtomicType.UNSPECIFIED) }),
      create(SchemaSchema, { fields: [{ name: "a" }] }),
    ]) {
      assert.throws(() => new RowCoder(schema), MALFORMED);
    }
  });

  it("refuses rows that the schema does not have", () => {
    const coder = new RowCoder(schemaOf({ a: atom(AtomicType.BYTE) }));
    for (const bytes of ["02000101", "01010100", "01020000", "0101ff00"])
      assert.throws(() => decode(coder, bytes), MALFORMED);
  });

  it("keeps a field called __proto__ a field", () => {
    const coder = new RowCoder(schemaOf({ ["__proto__"]: atom(AtomicType.BYTE) }));
    assert.deepEqual(Object.keys(decode(coder, "010007")), ["__proto__"]);
  });

  it("keeps its payload as it came", () => {
    const payload = toBinary(SchemaSchema, everything.schema);
    assert.equal(RowCoder.fromPayload(payload).spec.payload, payload);
  });
});

describe("the schema coder", () => {
  it("writes rows as the row coder does, and keeps its payload", () => {
    const schema = schemaOf({ a: atom(AtomicType.STRING), b: atom(AtomicType.INT64) });
    const payload = toBinary(
      SchemaCoderPayloadSchema,
      create(SchemaCoderPayloadSchema, { schema, toRowFn: { urn: "f" } }),
    );
    const coder = SchemaCoder.fromPayload(payload);
    const row = { a: "x", b: 5 };
    assert.deepEqual(encodeToBytes(coder, row), encodeToBytes(new RowCoder(schema), row));
    assert.deepEqual(decodeFromBytes(coder, encodeToBytes(coder, row)), row);
    assert.equal(coder.spec.payload, payload);
    assert.equal(coder.spec.urn, "beam:coder:schema:v1");
  });

  it("needs a schema", () => {
    assert.throws(() => SchemaCoder.fromPayload(new Uint8Array()), MALFORMED);
  });
});

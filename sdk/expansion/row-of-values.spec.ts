import assert from "node:assert/strict";
import { fromBinary } from "@bufbuild/protobuf";
import { decodeFromBytes, RowCoder } from "../../portability/coders/index.js";
import { ExternalConfigurationPayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/external_transforms_pb.js";
import { AtomicType } from "../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { LogicalTypes } from "../../portability/urns.js";
import { encodeRow, externalConfiguration, rowOfValues } from "./row-of-values.js";
import { pythonCallable, typed } from "./typed-value.js";

/** What comes out of a row of these values, written and read. */
function there(values: Readonly<Record<string, unknown>>): unknown {
  const row = rowOfValues(values, "test");
  return decodeFromBytes(new RowCoder(row.schema), encodeRow(row));
}

describe("rows of plain values", () => {
  it("have the types that the values have", () => {
    const { schema } = rowOfValues({ a: "x", b: 1, c: 0.5, d: true, e: 2n ** 60n, f: new Uint8Array(1) }, "test");
    const { STRING, INT64, DOUBLE, BOOLEAN, BYTES } = AtomicType;
    assert.deepEqual(
      schema.fields.map(({ type }) => type?.typeInfo.value),
      [STRING, INT64, DOUBLE, BOOLEAN, INT64, BYTES],
    );
  });

  it("come out as they went in, also nested", () => {
    const values = { words: ["a", "b"], sizes: new Map([["a", 1]]), inner: { deep: [[1], [2, 3]] }, none: null };
    assert.deepEqual(there(values), values);
    assert.deepEqual(there({ left: undefined, some: [1, null] }), { some: [1, null] });
  });

  it("have doubles where one of several numbers is none of the whole ones", () => {
    assert.deepEqual(there({ numbers: [1, 0.5] }), { numbers: [1, 0.5] });
  });

  it("have the type that is said, where it is", () => {
    const { schema, row } = rowOfValues({ size: typed("int32", 5), fn: pythonCallable("lambda x: x") }, "test");
    const [size, fn] = schema.fields.map(({ type }) => type?.typeInfo);
    assert.equal(size?.value, AtomicType.INT32);
    assert.ok(fn?.case === "logicalType" && fn.value.urn === LogicalTypes.Enum.PYTHON_CALLABLE);
    assert.deepEqual(row, { size: 5, fn: "lambda x: x" });
  });

  it("are refused where a value is of no type, or of several", () => {
    assert.throws(() => rowOfValues({ when: new Date() }, "test"), { code: "cannot-encode", where: "test, when" });
    assert.throws(() => rowOfValues({ inner: { f: () => 1 } }, "test"), {
      code: "cannot-encode",
      where: "test, inner, f",
    });
    assert.throws(() => rowOfValues({ mixed: [1, "a"] }, "test"), { code: "cannot-encode", where: "test, mixed" });
    assert.throws(() => encodeRow(rowOfValues({ size: typed("int32", 2 ** 40) }, "test")), { code: "cannot-encode" });
  });

  it("are configurations of external transforms", () => {
    const { schema, payload } = fromBinary(
      ExternalConfigurationPayloadSchema,
      externalConfiguration(rowOfValues({ minimum: 2 }, "test")),
    );
    assert.deepEqual(decodeFromBytes(new RowCoder(schema!), payload), { minimum: 2 });
  });
});

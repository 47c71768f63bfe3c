import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { AtomicType, FieldTypeSchema, SchemaSchema } from "../gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import { decodeFromBytes, encodeToBytes } from "./encoding.js";
import { registerLogicalType } from "./logical-types.js";
import { RowCoder } from "./row-coder.js";

const URN = "girder:test:celsius:v1";
const representation = create(FieldTypeSchema, { typeInfo: { case: "atomicType", value: AtomicType.DOUBLE } });
const type = create(FieldTypeSchema, { typeInfo: { case: "logicalType", value: { urn: URN, representation } } });
const schema = create(SchemaSchema, { fields: [{ name: "heat", type }] });

class Celsius {
  constructor(readonly degrees: number) {}
}

describe("a logical type of an author's own", () => {
  it("is its representation to whoever has not registered it", () => {
    const coder = new RowCoder(schema);
    assert.deepEqual(decodeFromBytes(coder, encodeToBytes(coder, { heat: 1.5 })), { heat: 1.5 });
  });

  it("is what its conversion makes of that, in coders made afterwards", () => {
    const before = new RowCoder(schema);
    registerLogicalType<Celsius, number>({
      urn: URN,
      toRepresentation: ({ degrees }) => degrees,
      fromRepresentation: (degrees) => new Celsius(degrees),
    });
    const bytes = encodeToBytes(new RowCoder(schema), { heat: new Celsius(20) });
    assert.deepEqual(decodeFromBytes(new RowCoder(schema), bytes), { heat: new Celsius(20) });
    assert.deepEqual(decodeFromBytes(before, bytes), { heat: 20 });
  });
});

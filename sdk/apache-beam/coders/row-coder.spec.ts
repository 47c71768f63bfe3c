import assert from "node:assert/strict";
import {
  type Coder,
  CoderTable,
  coderFromProto,
  decodeFromBytes,
  encodeToBytes,
} from "../../../portability/coders/index.js";
import type { GirderError } from "../../../portability/errors.js";
import { AtomicType } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/schema_pb.js";
import * as beam from "../index.js";
import { assertDeepEqual } from "../testing/assert.js";
import { withCoderInternal } from "../transforms/internal.js";
import { RowCoder, registerLogicalType } from "./row-coder.js";
import { KVCoder, StrUtf8Coder, VarIntCoder } from "./standard-coders.js";

class Money {
  constructor(readonly cents: number) {}
}
const MONEY = "girder:test:money:v1";

/** The coder as it comes to whoever reads the pipeline. */
function again(coder: Coder<object>): Coder<unknown> {
  const table = new CoderTable();
  const id = table.add(coder as Coder<unknown>);
  return coderFromProto(id, table);
}

describe("the row coder of the official API", () => {
  before(() => {
    registerLogicalType({
      urn: MONEY,
      reprType: RowCoder.inferTypeFromJSON(0, false),
      toRepr: (money: Money) => money.cents,
      fromRepr: (cents: number) => new Money(cents),
    });
  });

  it("takes the types of fields from an object that has them", () => {
    const schema = RowCoder.inferSchemaOfJSON({
      s: "",
      i: 1,
      d: 0.5,
      b: true,
      x: new Uint8Array(),
      l: ["a"],
      r: { n: 1 },
    });
    assert.deepEqual(
      schema.fields.map(({ name, type }) => [name, type!.nullable, type!.typeInfo.case]),
      [
        ["s", true, "atomicType"],
        ["i", true, "atomicType"],
        ["d", true, "atomicType"],
        ["b", true, "atomicType"],
        ["x", true, "atomicType"],
        ["l", true, "arrayType"],
        ["r", true, "rowType"],
      ],
    );
    assert.deepEqual(
      schema.fields.slice(0, 5).map(({ type }) => type!.typeInfo.value),
      [AtomicType.STRING, AtomicType.INT64, AtomicType.DOUBLE, AtomicType.BOOLEAN, AtomicType.BYTES],
    );
  });

  it("writes rows as any SDK reads them", () => {
    const coder = RowCoder.fromJSON({ name: "", list: [0], inner: { a: 0 } });
    const row = { name: "ada", list: [1, -2], inner: { a: 3 } };
    const bytes = encodeToBytes(coder, row);
    assert.deepEqual(decodeFromBytes(coder, bytes), row);
    const other = again(coder);
    assert.deepEqual(decodeFromBytes(other, bytes), row);
    assert.deepEqual(decodeFromBytes(coder, encodeToBytes(coder, { name: "x" })), {
      name: "x",
      list: null,
      inner: null,
    });
  });

  it("writes values of a logical type as its representation, wherever they are decoded in this process", () => {
    const coder = RowCoder.fromJSON({ price: { beamLogicalType: MONEY } });
    const other = again(coder);
    const bytes = encodeToBytes(coder, { price: new Money(250) });
    assert.deepEqual(decodeFromBytes(coder, bytes), { price: new Money(250) });
    assert.deepEqual(decodeFromBytes(other, bytes), { price: new Money(250) });
    const alone = RowCoder.fromJSON({ beamLogicalType: MONEY });
    assert.deepEqual(decodeFromBytes(again(alone), encodeToBytes(alone, new Money(1))), new Money(1));
  });

  it("refuses an object that does not tell the type of a field", () => {
    for (const exemplar of [{ a: null }, { a: [] }, { a: { b: undefined } }, { a: { beamLogicalType: "no such" } }]) {
      assert.throws(
        () => RowCoder.fromJSON(exemplar),
        (thrown: GirderError) => thrown.code === "invalid-argument" && thrown.where?.startsWith("a") === true,
      );
    }
  });

  it("and others say how a PCollection is written", async () => {
    await beam.createRunner().run((root) => {
      const rows = root.apply(beam.create([{ a: 1, b: "x" }])).apply(beam.withRowCoder({ a: 0, b: "" }));
      assert.ok(rows.girder.coder instanceof RowCoder);
      rows
        .apply(beam.groupBy("a"))
        .map(({ value }) => [...value])
        .apply(assertDeepEqual([[{ a: 1, b: "x" }]]));
      const pairs = root
        .apply(beam.create([{ key: "a", value: 1 }]))
        .apply(withCoderInternal(new KVCoder(new StrUtf8Coder(), new VarIntCoder()) as never));
      assert.equal(pairs.girder.coder!.spec.urn, "beam:coder:kv:v1");
    });
  });
});

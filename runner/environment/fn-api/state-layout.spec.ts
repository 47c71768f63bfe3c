import assert from "node:assert/strict";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  CoderSchema,
  type StateSpec,
  StateSpecSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../../portability/urns.js";
import { stateLayoutOf, wireStateSpec } from "./state-layout.js";
import { WireCoders } from "./wire-coders.js";

const { Enum: URN } = StandardCoders;

function spec(init: NonNullable<MessageInitShape<typeof StateSpecSchema>["spec"]>): StateSpec {
  return create(StateSpecSchema, { spec: init });
}

const wire = new WireCoders({
  own: create(CoderSchema, { spec: { urn: "own:coder" } }),
  varint: create(CoderSchema, { spec: { urn: URN.VARINT } }),
});
const PREFIXED = wire.onWire("own");

describe("the layout of state", () => {
  it("has the coders on the wire in the specs of all kinds", () => {
    const rewritten = (init: Parameters<typeof spec>[0]): unknown => {
      const it = spec(init);
      wireStateSpec(it, wire);
      return Object.fromEntries(Object.entries(it.spec.value as object).filter(([name]) => name.endsWith("CoderId")));
    };
    const element = { elementCoderId: PREFIXED };
    const pair = { keyCoderId: "varint", valueCoderId: PREFIXED };
    assert.deepEqual(rewritten({ case: "readModifyWriteSpec", value: { coderId: "own" } }), {});
    const value = spec({ case: "readModifyWriteSpec", value: { coderId: "own" } });
    wireStateSpec(value, wire);
    assert.equal((value.spec.value as { coderId: string }).coderId, PREFIXED);
    assert.deepEqual(rewritten({ case: "bagSpec", value: { elementCoderId: "own" } }), element);
    assert.deepEqual(rewritten({ case: "setSpec", value: { elementCoderId: "own" } }), element);
    assert.deepEqual(rewritten({ case: "orderedListSpec", value: { elementCoderId: "own" } }), element);
    assert.deepEqual(rewritten({ case: "combiningSpec", value: { accumulatorCoderId: "own" } }), {
      accumulatorCoderId: PREFIXED,
    });
    assert.deepEqual(rewritten({ case: "mapSpec", value: { keyCoderId: "varint", valueCoderId: "own" } }), pair);
    assert.deepEqual(rewritten({ case: "multimapSpec", value: { keyCoderId: "varint", valueCoderId: "own" } }), pair);
  });

  it("tells one value from the next where the runner has to: maps, multimaps and ordered lists", () => {
    const bytes = Buffer.from("0361626364", "hex");
    for (const kind of ["mapSpec", "multimapSpec"] as const) {
      const { value } = stateLayoutOf(spec({ case: kind, value: { keyCoderId: "varint", valueCoderId: "own" } }), wire);
      assert.equal(value!(bytes, 0), 4);
    }
    const list = stateLayoutOf(spec({ case: "orderedListSpec", value: { elementCoderId: "varint" } }), wire);
    assert.equal(list.value!(bytes, 0), 1);
    assert.equal(stateLayoutOf(spec({ case: "bagSpec", value: { elementCoderId: "own" } }), wire).value, undefined);
  });
});

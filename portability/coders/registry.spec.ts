import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import {
  CoderSchema,
  type Components,
  ComponentsSchema,
  FunctionSpecSchema,
} from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../urns.js";
import { BYTES_CODER } from "./bytes-coder.js";
import { JS_VALUE_CODER } from "./js-value-coder.js";
import { JS_VALUE_URN } from "./js-value-tags.js";
import { KVCoder } from "./kv-coder.js";
import { LengthPrefixCoder } from "./length-prefix-coder.js";
import { CoderRegistry } from "./registry.js";
import { coderFromProto, STANDARD_CODERS } from "./standard-coders.js";
import { STRING_CODER } from "./string-coder.js";
import { VARINT_CODER } from "./varint-coder.js";

const { Enum } = StandardCoders;

function components(coders: Record<string, [urn: string, ...parts: string[]]>): Components {
  return create(ComponentsSchema, {
    coders: Object.fromEntries(
      Object.entries(coders).map(([id, [urn, ...componentCoderIds]]) => [
        id,
        create(CoderSchema, { spec: create(FunctionSpecSchema, { urn }), componentCoderIds }),
      ]),
    ),
  });
}

describe("CoderRegistry", () => {
  it("knows every standard coder of the model", () => {
    const urns = Object.values(Enum);
    assert.equal(urns.length, 19);
    for (const urn of [...urns, JS_VALUE_URN]) assert.ok(STANDARD_CODERS.has(urn), urn);
  });

  it("makes a coder with its components, each once", () => {
    const coder = coderFromProto(
      "kv",
      components({ kv: [Enum.KV, "lp", "lp"], lp: [Enum.LENGTH_PREFIX, "s"], s: [Enum.STRING_UTF8] }),
    );
    assert.ok(coder instanceof KVCoder);
    assert.ok(coder.key instanceof LengthPrefixCoder);
    assert.equal(coder.key, coder.value);
    assert.equal(coder.key.value, STRING_CODER);
  });

  it("names a URN that it does not know, and the coder that has it", () => {
    const pickled = components({ kv: [Enum.KV, "p", "p"], p: ["beam:coder:pickled_python:v1"] });
    assert.throws(() => coderFromProto("kv", pickled), {
      code: "unsupported",
      where: "coder p",
      message: /beam:coder:pickled_python:v1/,
    });
    assert.throws(() => coderFromProto("x", create(ComponentsSchema, { coders: { x: create(CoderSchema) } })), {
      code: "unsupported",
    });
  });

  it("names a coder that is missing, and who refers to it", () => {
    assert.throws(() => coderFromProto("it", components({ it: [Enum.ITERABLE, "gone"] })), {
      code: "invalid-pipeline",
      message: /There is no coder gone, which coder it refers to/,
    });
    assert.throws(() => coderFromProto("toString", components({})), { code: "invalid-pipeline" });
  });

  it("refuses coders that contain themselves, and shows how", () => {
    const cycle = components({ a: [Enum.ITERABLE, "b"], b: [Enum.NULLABLE, "a"] });
    assert.throws(() => coderFromProto("a", cycle), { code: "invalid-pipeline", message: /a → b → a/ });
  });

  it("refuses coders nested too deep", () => {
    const deep: Record<string, [string, ...string[]]> = { c0: [Enum.BYTES] };
    for (let i = 1; i <= 10_000; i++) deep[`c${i}`] = [Enum.NULLABLE, `c${i - 1}`];
    assert.throws(() => coderFromProto("c10000", components(deep)), { code: "invalid-pipeline", message: /100 deep/ });
    coderFromProto("c99", components(deep));
  });

  it("refuses a wrong number of components", () => {
    const coders = components({ kv: [Enum.KV, "s"], s: [Enum.STRING_UTF8], t: [Enum.BYTES, "s"] });
    assert.throws(() => coderFromProto("kv", coders), {
      code: "invalid-pipeline",
      message: /has 1 components, but needs 2/,
    });
    assert.throws(() => coderFromProto("t", coders), { code: "invalid-pipeline" });
  });

  it("refuses payloads that are no schema and no window header", () => {
    const payload = Uint8Array.of(0xff, 0xff, 0xff);
    for (const urn of [Enum.ROW, Enum.SCHEMA]) {
      const coders = { r: create(CoderSchema, { spec: create(FunctionSpecSchema, { urn, payload }) }) };
      assert.throws(() => coderFromProto("r", create(ComponentsSchema, { coders })), { code: "malformed-data" });
    }
    const empty = components({ w: [Enum.PARAM_WINDOWED_VALUE, "b", "g"], b: [Enum.BYTES], g: [Enum.GLOBAL_WINDOW] });
    assert.throws(() => coderFromProto("w", empty), { code: "malformed-data" });
  });

  it("takes further coders, in a copy", () => {
    const registry = new CoderRegistry(STANDARD_CODERS).register("my:coder:v1", {
      create: ([part]) => part ?? BYTES_CODER,
    });
    const coders = components({ mine: ["my:coder:v1", "v"], bare: ["my:coder:v1"], v: [Enum.VARINT] });
    assert.equal(registry.fromProto("mine", coders), VARINT_CODER);
    assert.equal(registry.fromProto("bare", coders), BYTES_CODER);
    assert.ok(!STANDARD_CODERS.has("my:coder:v1"));
    assert.throws(() => registry.register(Enum.BYTES, { create: () => JS_VALUE_CODER }), { code: "invalid-argument" });
  });
});

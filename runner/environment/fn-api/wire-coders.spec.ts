import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  type Coder,
  CoderSchema,
} from "../../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../../portability/urns.js";
import { WireCoders } from "./wire-coders.js";

const { Enum: URN } = StandardCoders;

function coder(urn: string, componentCoderIds: string[] = [], payload = new Uint8Array()): Coder {
  return create(CoderSchema, { spec: { urn, payload }, componentCoderIds });
}

/** A coder with its components as text: `kv(length_prefix(own), varint)`. */
function text(wire: WireCoders, id: string): string {
  const [, name = wire.urn(id)] = /^beam:coder:(.*):v1$/.exec(wire.urn(id)) ?? [];
  const parts = wire.components(id).map((part) => text(wire, part));
  return parts.length === 0 ? name : `${name}(${parts.join(", ")})`;
}

const COMPONENTS: Readonly<Record<string, number>> = {
  [URN.BYTES]: 0,
  [URN.STRING_UTF8]: 0,
  [URN.BOOL]: 0,
  [URN.VARINT]: 0,
  [URN.DOUBLE]: 0,
  [URN.GLOBAL_WINDOW]: 0,
  [URN.INTERVAL_WINDOW]: 0,
  [URN.KV]: 2,
  [URN.TIMER]: 2,
  [URN.ITERABLE]: 1,
  [URN.LENGTH_PREFIX]: 1,
  [URN.NULLABLE]: 1,
  [URN.SHARDED_KEY]: 1,
  [URN.CUSTOM_WINDOW]: 1,
};

describe("coders on the wire", () => {
  const coders = {
    own: coder("own:coder"),
    windowed: coder(URN.WINDOWED_VALUE, ["varint", "own"]),
    bytes: coder(URN.BYTES),
    varint: coder(URN.VARINT),
    known: coder(URN.KV, ["bytes", "varint"]),
    pair: coder(URN.KV, ["own", "varint"]),
    deep: coder(URN.ITERABLE, ["nullable"]),
    nullable: coder(URN.NULLABLE, ["pair"]),
    prefixed: coder(URN.LENGTH_PREFIX, ["own"]),
    holder: coder("own:holder", ["own"]),
  };

  it("are those of the pipeline where the runner knows them, whatever their components are behind a length", () => {
    const wire = new WireCoders(coders);
    for (const id of ["bytes", "varint", "known", "prefixed"]) assert.equal(wire.onWire(id), id);
  });

  it("have a length before each value of an unknown coder, at any depth", () => {
    const wire = new WireCoders(coders);
    const onWire = (id: string): string => text(wire, wire.onWire(id));
    assert.equal(onWire("own"), "length_prefix(own:coder)");
    assert.equal(onWire("pair"), "kv(length_prefix(own:coder), varint)");
    assert.equal(onWire("deep"), "iterable(nullable(kv(length_prefix(own:coder), varint)))");
    assert.equal(onWire("holder"), "length_prefix(own:holder(own:coder))");
    // Java's harness fails on windowed values inside of windowed values.
    assert.equal(onWire("windowed"), "length_prefix(windowed_value(varint, own:coder))");
  });

  it("have the same id each time", () => {
    const wire = new WireCoders(coders);
    assert.equal(wire.onWire("deep"), wire.onWire("deep"));
    assert.equal(wire.windowedValue("bytes", "varint"), wire.windowedValue("bytes", "varint"));
    assert.equal(new WireCoders(coders).onWire("deep"), wire.onWire("deep"));
  });

  it("leave those of the pipeline as they were, and add theirs", () => {
    const wire = new WireCoders(coders);
    const added = wire.onWire("deep");
    for (const [id, submitted] of Object.entries(coders)) assert.equal(wire.coders[id], submitted);
    assert.ok(wire.coders[added] !== undefined && !(added in coders));
  });

  it("keep the payload of a coder whose components change, and are told apart by it", () => {
    const wire = new WireCoders({
      own: coder("own:coder"),
      one: coder(URN.NULLABLE, ["own"], Uint8Array.of(1)),
      two: coder(URN.NULLABLE, ["own"], Uint8Array.of(2)),
    });
    assert.notEqual(wire.onWire("one"), wire.onWire("two"));
    assert.deepEqual(wire.coders[wire.onWire("two")]!.spec!.payload, Uint8Array.of(2));
  });

  it("are told apart whatever ids a pipeline has, be it our own", () => {
    const clash = new WireCoders({
      "a,b": coder("own:1"),
      c: coder("own:2"),
      a: coder("own:3"),
      "b,c": coder("own:4"),
      one: coder(URN.KV, ["a,b", "c"]),
      two: coder(URN.KV, ["a", "b,c"]),
      [`wire:${URN.LENGTH_PREFIX}(a)`]: coder(URN.VARINT),
    });
    assert.equal(text(clash, clash.onWire("one")), "kv(length_prefix(own:1), length_prefix(own:2))");
    assert.equal(text(clash, clash.onWire("two")), "kv(length_prefix(own:3), length_prefix(own:4))");
    assert.equal(text(clash, clash.onWire(`wire:${URN.LENGTH_PREFIX}(a)`)), "varint");
    assert.throws(() => clash.onWire("constructor"), /there is no coder constructor/);
  });

  it("can be got past, all of them", () => {
    const urns = [...Object.keys(COMPONENTS), "own:coder", URN.ROW, URN.STATE_BACKED_ITERABLE];
    // Components are chosen among the coders before: no coder contains itself.
    const all = fc.array(fc.tuple(fc.constantFrom(...urns), fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(all, (choices) => {
        const made: Record<string, Coder> = { c0: coder(URN.BYTES) };
        choices.forEach(([urn, a, b], i) => {
          const parts = [a, b].map((n) => `c${n % (i + 1)}`).slice(0, COMPONENTS[urn] ?? 0);
          made[`c${i + 1}`] = coder(urn, parts);
        });
        const wire = new WireCoders(made);
        for (const id of Object.keys(made)) {
          const onWire = wire.onWire(id);
          assert.equal(typeof wire.skip(onWire), "function");
          assert.equal(wire.onWire(onWire), onWire);
          const unknown = (at: string): boolean =>
            wire.urn(at) !== URN.LENGTH_PREFIX && (!(wire.urn(at) in COMPONENTS) || wire.components(at).some(unknown));
          assert.ok(!unknown(onWire), text(wire, onWire));
        }
      }),
    );
  });
});

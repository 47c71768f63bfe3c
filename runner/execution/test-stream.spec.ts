import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import { JS_VALUE_URN } from "../../portability/coders/js-value-tags.js";
import { Batch, type BatchCodec } from "../../portability/execution/batch.js";
import {
  ComponentsSchema,
  PTransformSchema,
  TestStreamPayloadSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardCoders } from "../../portability/urns.js";
import { testStreamOf } from "./test-stream.js";

const { Enum: URN } = StandardCoders;

/** The bytes of one element after its header, as a worker is to read it; the element was written with the coder `id`. */
function framed(id: string, encodedElement: Uint8Array): string {
  const coder = (urn: string, ...componentCoderIds: string[]) => ({ spec: { urn }, componentCoderIds });
  const components = create(ComponentsSchema, {
    coders: {
      js: coder(JS_VALUE_URN),
      string: coder(URN.STRING_UTF8),
      varint: coder(URN.VARINT),
      "js pair": coder(URN.KV, "js", "js"),
      "string pair": coder(URN.KV, "string", "varint"),
    },
  });
  const event = { case: "elementEvent" as const, value: { elements: [{ encodedElement, timestamp: 0n }] } };
  const payload = create(TestStreamPayloadSchema, { coderId: id, events: [{ event }] });
  const transform = create(PTransformSchema, { spec: { payload: toBinary(TestStreamPayloadSchema, payload) } });
  let seen = "";
  const codec = {
    decode(bytes) {
      // Timestamp, number of windows, pane.
      seen = Buffer.from(bytes)
        .subarray(8 + 4 + 1)
        .toString("hex");
      return new Batch([], undefined, [], [], [], 0);
    },
  } as Partial<BatchCodec> as BatchCodec;
  testStreamOf({ transform, outputs: new Map([["out", { node: 0, pcollection: "p" }]]) }, components, () => codec);
  return seen;
}

describe("the elements of a test stream", () => {
  // A JavaScript string: its tag, its length, its letters.
  const letter = Uint8Array.of(0x08, 0x01, 0x61);

  it("are given the lengths that are left out of what stands alone", () => {
    assert.equal(framed("string", Buffer.from("ab")), "026162");
    assert.equal(framed("varint", Uint8Array.of(7)), "07");
    assert.equal(framed("string pair", Uint8Array.of(1, 0x61, 7)), "016107");
  });

  it("are given lengths where the runner does not know their coder, keys as well as values", () => {
    assert.equal(framed("js", letter), "03080161");
  });

  it("of pairs are given lengths for their keys, too, where the runner does not know their coder", () => {
    assert.equal(framed("js pair", Buffer.concat([letter, letter])), "0308016103080161");
  });
});

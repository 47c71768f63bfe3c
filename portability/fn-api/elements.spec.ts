import assert from "node:assert/strict";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { ElementsSchema } from "../gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { readElements, writeElements } from "./elements.js";

const bytes = fc.uint8Array({ maxLength: 40 });
const elements = fc.record({
  data: fc.array(
    fc.record({ instructionId: fc.string(), transformId: fc.string(), data: bytes, isLast: fc.boolean() }),
  ),
  timers: fc.array(
    fc.record({
      instructionId: fc.string(),
      transformId: fc.string(),
      timerFamilyId: fc.string(),
      timers: bytes,
      isLast: fc.boolean(),
    }),
  ),
});

/** Payloads whose lengths take one byte, two and three. */
const sizes = fc.constantFrom(0, 1, 100, 127, 128, 16_000, 20_000, 2_100_000);

describe("Elements messages", () => {
  it("of one payload of any length are written as the generated code writes them", () => {
    fc.assert(
      fc.property(sizes, fc.boolean(), fc.string(), (size, isLast, transformId) => {
        const init = { data: [{ instructionId: "i", transformId, data: new Uint8Array(size).fill(7), isLast }] };
        const written = Uint8Array.from(writeElements(init));
        assert.ok(Buffer.from(written).equals(toBinary(ElementsSchema, create(ElementsSchema, init))));
      }),
      { numRuns: 40 },
    );
  });

  it("are written as the generated code writes them", () => {
    fc.assert(
      fc.property(elements, (init) => {
        assert.deepEqual(
          fromBinary(ElementsSchema, Uint8Array.from(writeElements(init))),
          create(ElementsSchema, init),
        );
      }),
    );
  });

  it("are read as the generated code reads them", () => {
    fc.assert(
      fc.property(elements, (init) => {
        const message = create(ElementsSchema, init);
        assert.deepEqual(readElements(toBinary(ElementsSchema, message)), message);
      }),
    );
  });

  it("keep payloads as views of what was received", () => {
    const received = writeElements({ data: [{ data: Buffer.from("payload") }] });
    const { data } = readElements(received);
    assert.equal(data[0]!.data.buffer, received.buffer);
  });

  it("are read with fields that are unknown here", () => {
    const { data } = readElements(
      // A varint, 64 bits, a string, a group and 32 bits, in the message and in its data.
      Buffer.from([
        ...[0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7a, 1, 9, 0x7b, 0x78, 5, 0x7c, 0x7d, 1, 2, 3, 4],
        ...[
          0x0a, 25, 0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x0a, 1, 0x69, 0x7a, 1, 9, 0x7d, 1, 2, 3, 4, 0x20,
          1,
        ],
      ]),
    );
    assert.deepEqual(
      data.map(({ instructionId, isLast }) => [instructionId, isLast]),
      [["i", true]],
    );
  });

  it("that are garbage are an error", () => {
    for (const garbage of [
      [0x0a, 0x02, 0x20],
      [0x0a, 0x03, 0x0a, 0x05, 0x61],
      [0x00],
      [0x7b, 0x78, 5],
      [0x7b, 0x74],
      [0x7c],
      [0x0a, 0x02, 0x08, 0x01],
      [0x7f],
    ]) {
      assert.throws(() => readElements(Buffer.from(garbage)), garbage.join());
    }
    assert.throws(() => readElements(Buffer.from([0x0a, 0x7f, 1, 2, 3])));
    assert.throws(() => readElements(Buffer.from([0xff, 0xff, 0xff])));
  });
});

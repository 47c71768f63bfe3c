import assert from "node:assert/strict";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  readInstant as readByCoder,
  writeInstant as writeByCoder,
} from "../../../portability/coders/index.js";
import { GirderError } from "../../../portability/errors.js";
import { readInstant, writeInstant } from "./instants.js";
import { instants } from "./testing/arbitraries.js";

describe("instants in elements and timers", () => {
  it("are written and read as by the coders, at any place", () => {
    fc.assert(
      fc.property(instants, fc.nat({ max: 5 }), (instant, at) => {
        const bytes = Buffer.alloc(at + 8);
        writeInstant(bytes, instant, at);
        const writer = new ByteWriter();
        writeByCoder(instant, writer);
        assert.deepEqual(bytes.subarray(at), Buffer.from(writer.finish()));
        assert.equal(readInstant(bytes, at), instant);
      }),
    );
  });

  it("are refused where the coders refuse them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (array) => {
        const bytes = Buffer.from(array);
        const [ours, theirs] = [() => readInstant(bytes, 0), () => readByCoder(new ByteReader(bytes))].map(outcome);
        assert.deepEqual(ours, theirs);
      }),
    );
  });
});

function outcome(read: () => number): number | string {
  try {
    return read();
  } catch (thrown) {
    assert.ok(thrown instanceof GirderError);
    return thrown.code;
  }
}

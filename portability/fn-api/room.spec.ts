import assert from "node:assert/strict";
import { delimited, headed, stringField, withRoom } from "./room.js";

const header = Buffer.from("head");

describe("a payload with room", () => {
  it("becomes a message in place, once", () => {
    const bytes = Buffer.from("------payload");
    const payload = withRoom(bytes, 6, 13);
    const message = headed(header, payload);
    assert.equal(String(message), "headpayload");
    assert.equal(String(bytes), "--headpayload");
    // Whoever has the first message must not see it changed.
    assert.equal(String(headed(Buffer.from("other"), payload)), "otherpayload");
    assert.equal(String(message), "headpayload");
  });

  it("that is not enough is copied, as is a payload without", () => {
    const bytes = Buffer.from("---payload");
    assert.equal(String(headed(header, withRoom(bytes, 3, 10))), "headpayload");
    assert.equal(String(headed(header, bytes.subarray(3))), "headpayload");
    assert.equal(String(bytes), "---payload");
  });

  it("is headed by fields as the wire format has them", () => {
    assert.deepEqual([...delimited(1, 5)], [0x0a, 5]);
    assert.deepEqual([...delimited(1000, 300)], [0xc2, 0x3e, 0xac, 0x02]);
    assert.deepEqual([...delimited(3, 2 ** 32)], [0x1a, 0x80, 0x80, 0x80, 0x80, 0x10]);
    assert.deepEqual([...stringField(2, "é")], [0x12, 2, 0xc3, 0xa9]);
    assert.deepEqual([...stringField(2, "")], []);
  });
});

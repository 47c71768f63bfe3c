import assert from "node:assert/strict";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { StateResponseSchema } from "../gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ROOM, withRoom } from "./room.js";
import { writeStateResponse } from "./state-response.js";

type Init = MessageInitShape<typeof StateResponseSchema>;

function assertWrittenAsGenerated(init: Init): void {
  const expected = Buffer.from(toBinary(StateResponseSchema, create(StateResponseSchema, init)));
  assert.deepEqual(writeStateResponse(init), expected);
}

describe("state responses", () => {
  it("are written as the generated code writes them", () => {
    const token = Buffer.from("next");
    for (const size of [0, 1, 127, 128, 20_000]) {
      const data = Buffer.alloc(size, 7);
      assertWrittenAsGenerated({ id: "1", response: { case: "get", value: { data } } });
      assertWrittenAsGenerated({ id: "", response: { case: "get", value: { data, continuationToken: token } } });
    }
    assertWrittenAsGenerated({ id: "1", response: { case: "get", value: { continuationToken: token } } });
    assertWrittenAsGenerated({ id: "1", response: { case: "append", value: {} } });
    assertWrittenAsGenerated({ id: "1", error: "no" });
    assertWrittenAsGenerated({});
  });

  it("with data that has room are that very data", () => {
    const bytes = Buffer.alloc(ROOM + 1000, 7);
    const init: Init = { id: "1", response: { case: "get", value: { data: withRoom(bytes, ROOM, bytes.length) } } };
    const expected = Buffer.from(toBinary(StateResponseSchema, create(StateResponseSchema, init)));
    const written = writeStateResponse(init);
    assert.deepEqual(written, expected);
    assert.equal(written.buffer, bytes.buffer);
  });
});

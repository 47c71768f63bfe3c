/** `StateResponse`, the answer to a state request, written without copying what is read of state. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { StateResponseSchema } from "../gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { delimited, headed, stringField } from "./room.js";

/** Numbers of the fields. */
const { id: ID, get: GET } = { id: 1, get: 1000 };
const { continuationToken: TOKEN, data: DATA } = { continuationToken: 1, data: 2 };

const NOTHING = Buffer.alloc(0);

export function writeStateResponse(init: MessageInitShape<typeof StateResponseSchema>): Buffer {
  const { id = "", error = "", response } = init;
  const data = response?.case === "get" ? (response.value.data ?? NOTHING) : NOTHING;
  if (data.length === 0 || error !== "" || response?.case !== "get") {
    const { buffer, byteOffset, byteLength } = toBinary(StateResponseSchema, create(StateResponseSchema, init));
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  const { continuationToken = NOTHING } = response.value;
  const token = continuationToken.length === 0 ? [] : [delimited(TOKEN, continuationToken.length), continuationToken];
  const got = Buffer.concat([...token, delimited(DATA, data.length)]);
  return headed(Buffer.concat([stringField(ID, id), delimited(GET, got.length + data.length), got]), data);
}

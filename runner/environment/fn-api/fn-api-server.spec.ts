import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { GirderError } from "../../../portability/errors.js";
import type { Connection } from "../../../portability/fn-api/call-types.js";
import { client, createServer, listen, shutdown } from "../../../portability/fn-api/grpc.js";
import { Outbox } from "../../../portability/fn-api/outbox.js";
import {
  BeamFnControl,
  BeamFnData,
  BeamFnState,
  type Elements,
  type InstructionResponse,
  ProcessBundleDescriptorSchema,
  type StateRequest,
  StateRequestSchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { FnApiServer } from "./fn-api-server.js";

const isError =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code && text.test(thrown.message);

interface ServerUnderTest extends AsyncDisposable {
  readonly fnApi: FnApiServer;
  readonly control: Connection<(typeof BeamFnControl)["method"]>["call"];
  readonly data: Connection<(typeof BeamFnData)["method"]>["call"];
  readonly state: Connection<(typeof BeamFnState)["method"]>["call"];
}

async function start(): Promise<ServerUnderTest> {
  const server = createServer();
  const fnApi = new FnApiServer(server);
  const address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
  const [control, data, state] = [
    client(BeamFnControl, address),
    client(BeamFnData, address),
    client(BeamFnState, address),
  ];
  return {
    fnApi,
    control: control.call,
    data: data.call,
    state: state.call,
    async [Symbol.asyncDispose]() {
      for (const connection of [control, data, state]) connection.close();
      await shutdown(server, 1_000);
    },
  };
}

function named(id: string) {
  const metadata = new Metadata();
  metadata.set("worker_id", id);
  return { metadata };
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

describe("the Fn API server", () => {
  it("refuses workers that nobody expects, on every stream", async () => {
    await using test = await start();
    test.fnApi.expect("expected");
    for (const options of [named("unknown"), {}]) {
      const refused = isError("not-found", /No worker .* is expected here/);
      await assert.rejects(drain(test.control.control(new Outbox<InstructionResponse>(), options)), refused);
      await assert.rejects(drain(test.data.data(new Outbox<Elements>(), options)), refused);
      await assert.rejects(drain(test.state.state(new Outbox<StateRequest>(), options)), refused);
    }
  });

  it("takes a worker that is expected, once", async () => {
    await using test = await start();
    const worker = test.fnApi.expect("w");
    const responses = new Outbox<InstructionResponse>();
    const stream = test.control.control(responses, named("w"))[Symbol.asyncIterator]();
    await worker.connected;
    await assert.rejects(
      drain(test.control.control(new Outbox<InstructionResponse>(), named("w"))),
      isError("invalid-argument", /has a control stream already/),
    );
    void worker.request("1", { case: "finalizeBundle", value: {} }).catch(() => undefined);
    assert.equal((await stream.next()).value!.instructionId, "1");
    responses.end();
    await worker.lost;
    await assert.rejects(
      drain(test.control.control(new Outbox<InstructionResponse>(), named("w"))),
      isError("not-found"),
    );
  });

  it("ends the streams of a worker that is done with, whether the worker does or not", async () => {
    await using test = await start();
    const worker = test.fnApi.expect("w");
    const [responses, requests] = [new Outbox<InstructionResponse>(), new Outbox<StateRequest>()];
    const [control, data, state] = [
      test.control.control(responses, named("w")),
      test.data.data(new Outbox<Elements>(), named("w")),
      test.state.state(requests, named("w")),
    ].map((stream) => stream[Symbol.asyncIterator]() as AsyncIterator<unknown>);
    // All are open once something has come on each.
    worker.send([{ data: [{ instructionId: "1", transformId: "t" }] }]);
    requests.push(create(StateRequestSchema, { id: "1", instructionId: "1" }));
    await Promise.all([worker.connected, data!.next(), state!.next()]);
    worker.end(new GirderError("cancelled", "The job has ended."));
    for (const stream of [control!, data!, state!]) assert.equal((await stream.next()).done, true);
  });

  it("gives descriptors to whoever asks, as long as they are there", async () => {
    await using test = await start();
    // The official TypeScript worker does not say who it is here.
    const ask = () => test.control.getProcessBundleDescriptor({ processBundleDescriptorId: "d" });
    await assert.rejects(ask(), isError("not-found", /no bundle descriptor d/));
    test.fnApi.describe(create(ProcessBundleDescriptorSchema, { id: "d" }));
    assert.equal((await ask()).id, "d");
    test.fnApi.forget("d");
    await assert.rejects(ask(), isError("not-found"));
  });
});

import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { GirderError } from "../../../portability/errors.js";
import { Outbox } from "../../../portability/fn-api/outbox.js";
import {
  type Elements,
  ElementsSchema,
  type InstructionResponse,
  InstructionResponseSchema,
  type StateRequest,
  StateRequestSchema,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { type InstructionChannel, WorkerConnection } from "./worker-connection.js";

const isError =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code && text.test(thrown.message);

const SPLIT = { case: "processBundleSplit", value: {} } as const;

/** A channel that notes what comes. */
class Notes implements InstructionChannel {
  readonly log: string[] = [];
  data(transform: string, bytes: Uint8Array, isLast: boolean): void {
    if (transform === "bad") throw new Error("no such output");
    this.log.push(`data ${transform} ${Buffer.from(bytes)}${isLast ? " last" : ""}`);
  }
  timers(transform: string, family: string, bytes: Uint8Array, isLast: boolean): void {
    this.log.push(`timers ${transform} ${family} ${Buffer.from(bytes)}${isLast ? " last" : ""}`);
  }
  state({ id }: StateRequest) {
    if (id === "bad") throw new GirderError("not-found", "No such state.");
    return { case: "append", value: {} } as const;
  }
  failed(error: unknown): void {
    this.log.push(`failed: ${(error as Error).message}`);
  }
}

/** The worker's end of all streams. */
function connected() {
  const connection = new WorkerConnection("w");
  const [responses, elements, requests] = [
    new Outbox<InstructionResponse>(),
    new Outbox<Elements>(),
    new Outbox<StateRequest>(),
  ];
  return {
    connection,
    responses,
    elements,
    requests,
    control: connection.control(responses)[Symbol.asyncIterator](),
    data: connection.data(elements)[Symbol.asyncIterator](),
    state: connection.state(requests)[Symbol.asyncIterator](),
    respond: (instructionId: string, error = "") =>
      responses.push(create(InstructionResponseSchema, { instructionId, error })),
  };
}

/** Until all that has been sent is handled. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a worker connection", () => {
  it("has each request answered by the response of its id, whatever their order", async () => {
    const { connection, control, respond } = connected();
    const [first, second] = [connection.request("1", SPLIT), connection.request("2", SPLIT)];
    assert.equal((await control.next()).value!.instructionId, "1");
    assert.equal((await control.next()).value!.instructionId, "2");
    respond("2");
    respond("1", "no");
    assert.equal((await second).instructionId, "2");
    await assert.rejects(first, isError("user-exception", /no/));
  });

  it("sends what was asked before the worker had connected", async () => {
    const connection = new WorkerConnection("w");
    void connection.request("1", SPLIT);
    const control = connection.control(new Outbox<InstructionResponse>())[Symbol.asyncIterator]();
    await connection.connected;
    assert.equal((await control.next()).value!.instructionId, "1");
  });

  it("gives each instruction what comes for it, and nobody what comes for none", async () => {
    const { connection, elements } = connected();
    const notes = new Notes();
    connection.open("1", notes);
    elements.push(
      create(ElementsSchema, {
        data: [
          { instructionId: "1", transformId: "a", data: Buffer.from("x") },
          { instructionId: "2", transformId: "a", data: Buffer.from("y") },
          { instructionId: "1", transformId: "a", isLast: true },
        ],
        timers: [{ instructionId: "1", transformId: "b", timerFamilyId: "f", timers: Buffer.from("t"), isLast: true }],
      }),
    );
    await settled();
    connection.close("1");
    elements.push(create(ElementsSchema, { data: [{ instructionId: "1", transformId: "a", data: Buffer.from("z") }] }));
    await settled();
    assert.deepEqual(notes.log, ["data a x", "data a  last", "timers b f t last"]);
  });

  it("tells an instruction of what it would not take, and goes on", async () => {
    const { connection, elements } = connected();
    const notes = new Notes();
    connection.open("1", notes);
    for (const transformId of ["bad", "a"]) {
      elements.push(create(ElementsSchema, { data: [{ instructionId: "1", transformId }] }));
    }
    await settled();
    assert.deepEqual(notes.log, ["failed: no such output", "data a "]);
    assert.equal(connection.isLost, false);
  });

  it("answers every state request, be it with an error", async () => {
    const { connection, state, requests } = connected();
    connection.open("1", new Notes());
    for (const [id, instructionId] of [
      ["good", "1"],
      ["bad", "1"],
      ["lost", "2"],
    ]) {
      requests.push(create(StateRequestSchema, { id: id!, instructionId: instructionId! }));
    }
    const answers = [(await state.next()).value!, (await state.next()).value!, (await state.next()).value!];
    assert.deepEqual(
      answers.map(({ id, response, error }) => [id, response?.case, error?.replace(/^\[.*\] /, "")]),
      [
        ["good", "append", undefined],
        ["bad", undefined, "No such state."],
        ["lost", undefined, "No bundle 2 is being processed."],
      ],
    );
  });

  it("is lost when its control or data stream ends, and so is all that waits for it", async () => {
    for (const stream of ["responses", "elements"] as const) {
      const worker = connected();
      const notes = new Notes();
      worker.connection.open("1", notes);
      const request = worker.connection.request("1", SPLIT);
      worker[stream].end();
      await assert.rejects(request, isError("worker-lost", /stream of worker w ended/));
      assert.match(notes.log[0]!, /failed: \[worker-lost\]/);
      assert.equal((await worker.connection.lost).code, "worker-lost");
      await assert.rejects(worker.connection.request("2", SPLIT), isError("worker-lost"));
    }
  });

  it("outlives its state streams", async () => {
    const { connection, state, requests } = connected();
    requests.end();
    assert.equal((await state.next()).done, true);
    assert.equal(connection.isLost, false);
  });

  it("says why a stream broke", async () => {
    const connection = new WorkerConnection("w");
    async function* broken(): AsyncGenerator<InstructionResponse> {
      yield create(InstructionResponseSchema, {});
      throw new Error("the wire was cut");
    }
    connection.control(broken());
    assert.match((await connection.lost).message, /The control stream of worker w broke \(the wire was cut\)/);
  });

  it("ends all streams when it is ended", async () => {
    const { connection, control, data, state } = connected();
    connection.end(new GirderError("cancelled", "The job has ended."));
    for (const stream of [control, data, state]) assert.equal((await stream.next()).done, true);
    assert.equal((await connection.lost).code, "cancelled");
  });

  it("has one control stream and one data stream", async () => {
    const { connection, control } = connected();
    assert.throws(() => connection.control(new Outbox<InstructionResponse>()), isError("invalid-argument", /already/));
    assert.throws(() => connection.data(new Outbox<Elements>()), isError("invalid-argument", /already/));
    void connection.request("1", SPLIT);
    assert.equal((await control.next()).value!.instructionId, "1");
  });

  it("uses no instruction id twice", () => {
    const ids = Array.from({ length: 100 }, () => WorkerConnection.newInstructionId());
    assert.equal(new Set(ids).size, 100);
  });
});

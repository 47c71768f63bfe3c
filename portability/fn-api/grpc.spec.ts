import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { Client, credentials, Metadata, type Server, status } from "@grpc/grpc-js";
import { expectTypeOf } from "expect-type";
import { GirderError } from "../errors.js";
import { BeamFnControl, type InstructionRequest } from "../gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { JobService, JobState_Enum } from "../gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { client, createServer, listen, serve, shutdown } from "./grpc.js";
import { statusOf } from "./status.js";

function deferred<T>() {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe("gRPC", () => {
  let server: Server;
  const open: { close(): void }[] = [];

  beforeEach(() => {
    server = createServer();
  });

  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    await shutdown(server, 100);
  });

  function closing<C extends { close(): void }>(connection: C): C {
    open.push(connection);
    return connection;
  }

  async function jobs() {
    return closing(client(JobService, `127.0.0.1:${await listen(server, "127.0.0.1:0")}`)).call;
  }

  async function worker() {
    return closing(client(BeamFnControl, `127.0.0.1:${await listen(server, "127.0.0.1:0")}`)).call;
  }

  async function failure(code: GirderError["code"], grpcStatus: status, call: () => Promise<unknown>): Promise<string> {
    let message = "";
    await assert.rejects(call, (thrown: unknown) => {
      assert.ok(thrown instanceof GirderError, String(thrown));
      assert.deepEqual([thrown.code, statusOf(thrown)], [code, grpcStatus], thrown.message);
      message = thrown.message;
      return true;
    });
    return message;
  }

  async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
    const gathered: T[] = [];
    for await (const message of messages) gathered.push(message);
    return gathered;
  }

  describe("unary calls", () => {
    it("carry a message each way, typed, with metadata", async () => {
      serve(server, JobService, {
        prepare: ({ jobName }, { metadata }) => ({ preparationId: `${jobName} by ${metadata.get("user")[0]}` }),
      });
      const { prepare } = await jobs();
      const metadata = new Metadata();
      metadata.set("user", "someone");
      const response = await prepare({ jobName: "count" }, { metadata });
      expectTypeOf(response.preparationId).toEqualTypeOf<string>();
      assert.equal(response.preparationId, "count by someone");
    });

    it("carry messages of 20 MB", async () => {
      serve(server, JobService, { prepare: async ({ jobName }) => ({ preparationId: jobName }) });
      const jobName = "x".repeat(20_000_000);
      assert.equal((await (await jobs()).prepare({ jobName })).preparationId.length, jobName.length);
    });

    it("fail with the status of what the handler threw", async () => {
      serve(server, JobService, {
        prepare() {
          throw new GirderError("not-found", "There is no such thing.");
        },
        run: () => Promise.reject(new TypeError("oops")),
      });
      const { prepare, run } = await jobs();
      const message = await failure("not-found", status.NOT_FOUND, () => prepare({}));
      assert.match(message, /NOT_FOUND: \[not-found\] There is no such thing.*JobService\/Prepare/);
      assert.match(await failure("io", status.UNKNOWN, () => run({})), /UNKNOWN: oops/);
    });

    it("fail with messages that fit into headers: whole lines, and how many more there are", async () => {
      const lines = Array.from({ length: 500 }, (_, i) => `- Step ${i}: ünsupported.`);
      serve(server, JobService, {
        prepare({ jobName }) {
          throw new GirderError("unsupported", jobName === "" ? lines.join("\n") : jobName);
        },
      });
      const { prepare } = await jobs();
      const many = await failure("unsupported", status.UNIMPLEMENTED, () => prepare({}));
      const [, shown, left] = /- Step (\d+): ünsupported\.\n… and (\d+) more lines/.exec(many) ?? [];
      assert.equal(Number(shown) + 1 + Number(left), lines.length, many);
      assert.ok(Number(shown) > 50);
      const long = await failure("unsupported", status.UNIMPLEMENTED, () => prepare({ jobName: "😀".repeat(5_000) }));
      assert.match(long, /(😀){100}…/);
      assert.match(await failure("unsupported", status.UNIMPLEMENTED, () => prepare({ jobName: "Ä %0A" })), /Ä %0A/);
    });

    it("know by which address they came", async () => {
      serve(server, JobService, { prepare: (_, { host }) => ({ preparationId: host }) });
      const port = await listen(server, "127.0.0.1:0");
      const { prepare } = closing(client(JobService, `localhost:${port}`)).call;
      assert.equal((await prepare({})).preparationId, `localhost:${port}`);
    });

    it("of methods without a handler are unsupported", async () => {
      serve(server, JobService, {});
      const { cancel } = await jobs();
      await failure("unsupported", status.UNIMPLEMENTED, () => cancel({}));
    });

    it("can be cancelled, and limited in time; the handler learns of it", async () => {
      let gone = 0;
      serve(server, JobService, {
        async run(_, { signal }) {
          await new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => resolve());
          });
          gone++;
          return {};
        },
      });
      const { run } = await jobs();
      await failure("cancelled", status.CANCELLED, () => run({}, { signal: AbortSignal.timeout(30) }));
      await failure("cancelled", status.CANCELLED, () => run({}, { signal: AbortSignal.abort() }));
      await failure("io", status.DEADLINE_EXCEEDED, () => run({}, { timeout: 30 }));
      for (let i = 0; gone < 2 && i < 100; i++) await wait(5);
      assert.ok(gone >= 2);
    });

    it("to nobody say where nobody listens", async () => {
      const connection = closing(client(JobService, "127.0.0.1:1"));
      assert.match(await failure("io", status.UNAVAILABLE, () => connection.call.getJobs({})), /listens there/);
      await assert.rejects(connection.ready(50), { code: "io" });
    });
  });

  describe("server streams", () => {
    it("end when the handler's messages do", async () => {
      serve(server, JobService, {
        *getStateStream({ jobId }) {
          assert.equal(jobId, "a");
          yield { state: JobState_Enum.RUNNING };
          yield { state: JobState_Enum.DONE };
        },
      });
      const states = await all((await jobs()).getStateStream({ jobId: "a" }));
      assert.deepEqual(
        states.map(({ state }) => state),
        [JobState_Enum.RUNNING, JobState_Enum.DONE],
      );
    });

    it("throw what the handler threw, after what it had sent", async () => {
      serve(server, JobService, {
        async *getMessageStream() {
          yield {};
          throw new GirderError("invalid-argument", "No.");
        },
      });
      const { getMessageStream } = await jobs();
      let seen = 0;
      await failure("invalid-argument", status.INVALID_ARGUMENT, async () => {
        for await (const _ of getMessageStream({})) seen++;
      });
      assert.equal(seen, 1);
    });

    it("are cancelled where the reader stops; the handler's generator is closed", async () => {
      let closed = false;
      serve(server, JobService, {
        async *getStateStream() {
          try {
            for (;;) {
              yield { state: JobState_Enum.RUNNING };
              await wait(1);
            }
          } finally {
            closed = true;
          }
        },
      });
      for await (const { state } of (await jobs()).getStateStream({})) {
        assert.equal(state, JobState_Enum.RUNNING);
        break;
      }
      for (let i = 0; !closed && i < 200; i++) await wait(5);
      assert.ok(closed);
    });

    it("send their headers at once, whenever the first message comes", async () => {
      const first = deferred<void>();
      serve(server, JobService, {
        async *getStateStream() {
          await first.promise;
          yield { state: JobState_Enum.DONE };
        },
      });
      const raw = new Client(`127.0.0.1:${await listen(server, "127.0.0.1:0")}`, credentials.createInsecure());
      closing(raw);
      const same = (bytes: Buffer): Buffer => bytes;
      const path = "/org.apache.beam.model.job_management.v1.JobService/GetStateStream";
      const stream = raw.makeServerStreamRequest(path, same, same, Buffer.alloc(0));
      const messages: Buffer[] = [];
      stream.on("data", (message: Buffer) => messages.push(message));
      await once(stream, "metadata");
      assert.deepEqual(messages, []);
      first.resolve();
      await once(stream, "end");
      assert.equal(messages.length, 1);
    });

    it("send no faster than they are read", async () => {
      let sent = 0;
      serve(server, JobService, {
        *getMessageStream() {
          for (; sent < 2_000; sent++) {
            yield { response: { case: "messageResponse", value: { messageText: "x".repeat(10_000) } } };
          }
        },
      });
      let read = 0;
      for await (const _ of (await jobs()).getMessageStream({})) {
        if (read++ === 0) {
          await wait(100);
          assert.ok(sent < 1_000, `${sent} messages were sent when one was read`);
        }
      }
      assert.equal(read, 2_000);
    });
  });

  describe("streams both ways", () => {
    it("answer while they ask, and end when both have", async () => {
      serve(server, BeamFnControl, {
        async *control(responses) {
          yield { instructionId: "1" };
          for await (const { instructionId } of responses) {
            if (instructionId === "3") return;
            yield { instructionId: String(Number(instructionId) + 1) };
          }
        },
      });
      const { control } = await worker();
      const queue: string[] = [];
      let more = deferred<void>();
      async function* responses() {
        for (;;) {
          for (const instructionId of queue.splice(0)) yield { instructionId };
          await more.promise;
          more = deferred();
        }
      }
      const seen: string[] = [];
      for await (const instruction of control(responses())) {
        expectTypeOf(instruction).toEqualTypeOf<InstructionRequest>();
        seen.push(instruction.instructionId);
        queue.push(instruction.instructionId);
        more.resolve();
      }
      assert.deepEqual(seen, ["1", "2", "3"]);
    });

    it("throw on both sides when the server is forced to shut down; nothing is left open", async () => {
      const served = deferred<unknown>();
      serve(server, BeamFnControl, {
        async *control(responses) {
          try {
            yield {};
            for await (const _ of responses);
            served.resolve(undefined);
          } catch (thrown) {
            served.resolve(thrown);
            throw thrown;
          }
        },
      });
      const { control } = await worker();
      async function* never() {
        await new Promise<void>(() => undefined);
        yield {};
      }
      let closing: Promise<void> | undefined;
      await failure("cancelled", status.CANCELLED, async () => {
        for await (const _ of control(never())) closing = shutdown(server, 20);
      });
      await closing;
      const thrown = await served.promise;
      assert.ok(thrown instanceof GirderError && thrown.code === "cancelled", String(thrown));
      server = createServer();
    });

    it("fail where the requests fail", async () => {
      serve(server, BeamFnControl, {
        async *control(responses) {
          for await (const _ of responses) yield {};
        },
      });
      const { control } = await worker();
      // biome-ignore lint/correctness/useYield: requests that fail before the first.
      async function* broken() {
        await wait(5);
        throw new RangeError("broken");
      }
      await assert.rejects(all(control(broken())), /broken/);
    });
  });

  it("refuses an address that is taken", async () => {
    const port = await listen(server, "127.0.0.1:0");
    const other = createServer();
    await assert.rejects(listen(other, `127.0.0.1:${port}`), /\[io\].*address already in use.*a port that is free/);
    await shutdown(other);
  });

  it("shuts down although somebody is connected who says nothing and reads nothing", async () => {
    const stranger = connect(await listen(server, "127.0.0.1:0"), "127.0.0.1");
    stranger.on("error", () => undefined);
    await once(stranger, "connect");
    const begin = performance.now();
    await shutdown(server, 20);
    assert.ok(performance.now() - begin < 2_000);
    stranger.destroy();
    server = createServer();
  });

  it("leaves nothing behind that keeps the process alive", async () => {
    serve(server, JobService, { getJobs: () => ({}) });
    const connection = client(JobService, `127.0.0.1:${await listen(server, "127.0.0.1:0")}`);
    await connection.ready(1_000);
    await connection.call.getJobs({});
    connection.close();
    await shutdown(server);
    await wait(20);
    const sockets = process.getActiveResourcesInfo().filter((name) => /TCP(Socket|Server)Wrap/.test(name));
    assert.deepEqual(sockets, []);
    server = createServer();
  });
});

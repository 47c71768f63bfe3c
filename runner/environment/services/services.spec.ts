import assert from "node:assert/strict";
import { type Server, status } from "@grpc/grpc-js";
import { GirderError } from "../../../portability/errors.js";
import { client, createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import { statusOf } from "../../../portability/fn-api/status.js";
import {
  BeamFnLogging,
  BeamFnWorkerStatus,
  LogEntry_Severity_Enum,
} from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { until } from "../testing/processes.js";
import { metadataOf } from "../testing/services.js";
import { type LogSink, loggingHandlers } from "./logging-service.js";
import { provisionHandlers, type WorkerProvision } from "./provision-service.js";
import { WorkerStatus } from "./worker-status.js";

function failsWith(code: GirderError["code"], grpcStatus: status | undefined, text: RegExp) {
  return (thrown: unknown): boolean => {
    assert.ok(thrown instanceof GirderError, String(thrown));
    assert.deepEqual([thrown.code, statusOf(thrown)], [code, grpcStatus], thrown.message);
    assert.match(thrown.message, text);
    return true;
  };
}

describe("services for workers", () => {
  let server: Server;
  let address: string;
  const open: { close(): void }[] = [];

  beforeEach(async () => {
    server = createServer();
    address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
  });

  afterEach(async () => {
    for (const connection of open.splice(0)) connection.close();
    await shutdown(server, 50);
  });

  function closing<C extends { close(): void }>(connection: C): C {
    open.push(connection);
    return connection;
  }

  describe("logging", () => {
    async function send(workerId: string, sink: LogSink, lists: readonly (readonly string[])[]): Promise<void> {
      serve(server, BeamFnLogging, loggingHandlers(sink));
      const { logging } = closing(client(BeamFnLogging, address)).call;
      const severity = LogEntry_Severity_Enum.WARN;
      const messages = lists.map((list) => ({ logEntries: list.map((message) => ({ message, severity })) }));
      const metadata = workerId === "" ? {} : { metadata: metadataOf(workerId) };
      for await (const _ of logging(messages, metadata));
    }

    it("hands on each entry with the worker's id, in order, and ends when the worker does", async () => {
      const seen: string[] = [];
      const sink: LogSink = (id, { message, severity }) => {
        seen.push(`${id} ${LogEntry_Severity_Enum[severity]} ${message}`);
      };
      await send("w1", sink, [["a", "b"], [], ["c"]]);
      assert.deepEqual(seen, ["w1 WARN a", "w1 WARN b", "w1 WARN c"]);
    });

    it("waits for a slow sink before the next entry", async () => {
      const seen: string[] = [];
      let busy = 0;
      const sink: LogSink = async (_, { message }) => {
        assert.equal(++busy, 1);
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
        busy--;
        seen.push(message);
      };
      await send("w1", sink, [["a", "b"], ["c"]]);
      assert.deepEqual(seen, ["a", "b", "c"]);
    });

    it("refuses a stream that says not whose it is, and one that the sink refuses", async () => {
      const nobody = failsWith("invalid-argument", status.INVALID_ARGUMENT, /worker_id/);
      await assert.rejects(
        send("", () => undefined, [["a"]]),
        nobody,
      );
      await shutdown(server);
      server = createServer();
      address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
      const sink: LogSink = () => {
        throw new GirderError("not-found", "No such worker.");
      };
      await assert.rejects(send("w1", sink, [["a"]]), failsWith("not-found", status.NOT_FOUND, /No such worker/));
    });
  });

  describe("provision", () => {
    const provision: WorkerProvision = {
      jobId: "job-1",
      jobName: "word count",
      pipelineOptions: { "beam:option:streaming:v1": false, "beam:option:n:v1": "3", experiments: ["a"], none: null },
      retrievalToken: "token-1",
      endpoints: { control: "h:1", logging: "h:2", artifact: "h:3", provision: "h:4", status: "h:5" },
      runnerCapabilities: ["beam:protocol:monitoring_info_short_ids:v1"],
      metadata: { more: "facts" },
      siblingWorkerIds: ["w2"],
    };

    function ask(workerId: string, known: Readonly<Record<string, WorkerProvision>>) {
      serve(
        server,
        ProvisionService,
        provisionHandlers((id) => known[id]),
      );
      const { getProvisionInfo } = closing(client(ProvisionService, address)).call;
      return getProvisionInfo({}, workerId === "" ? {} : { metadata: metadataOf(workerId) });
    }

    it("tells a worker its job, options, token, endpoints, capabilities and metadata", async () => {
      const { info } = await ask("w1", { w1: provision });
      assert.ok(info !== undefined);
      assert.deepEqual(info.pipelineOptions, provision.pipelineOptions);
      assert.deepEqual(info.metadata, { more: "facts", job_id: "job-1", job_name: "word count" });
      const { controlEndpoint, loggingEndpoint, artifactEndpoint, statusEndpoint } = info;
      const urls = [controlEndpoint, loggingEndpoint, artifactEndpoint, statusEndpoint].map(
        (endpoint) => endpoint?.url,
      );
      assert.deepEqual(urls, ["h:1", "h:2", "h:3", "h:5"]);
      assert.deepEqual(
        [info.retrievalToken, info.runnerCapabilities, info.siblingWorkerIds, info.dependencies],
        ["token-1", provision.runnerCapabilities, ["w2"], []],
      );
    });

    it("names no status endpoint where there is none", async () => {
      const { status: _, ...endpoints } = provision.endpoints;
      const { info } = await ask("w1", { w1: { ...provision, endpoints } });
      assert.equal(info?.statusEndpoint, undefined);
    });

    it("refuses a worker that nobody knows", async () => {
      await assert.rejects(ask("w2", { w1: provision }), failsWith("not-found", status.NOT_FOUND, /w2/));
    });

    it("refuses a call that says not whose it is", async () => {
      await assert.rejects(ask("", {}), failsWith("invalid-argument", status.INVALID_ARGUMENT, /worker_id/));
    });
  });

  describe("worker status", () => {
    let workers: WorkerStatus;

    beforeEach(() => {
      workers = new WorkerStatus({ knows: (id) => id.startsWith("w") });
      serve(server, BeamFnWorkerStatus, workers.handlers);
    });

    /** A worker that answers as told; undefined is no answer. Settles when its stream has ended. */
    function connect(workerId: string, answer: (id: string) => { statusInfo?: string; error?: string } | undefined) {
      const { workerStatus } = closing(client(BeamFnWorkerStatus, address)).call;
      const gone = new AbortController();
      const queue: { id: string; statusInfo?: string; error?: string }[] = [];
      let wake = (): void => undefined;
      async function* responses() {
        for (;;) {
          yield* queue.splice(0);
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      const serving = async (): Promise<void> => {
        for await (const { id } of workerStatus(responses(), { metadata: metadataOf(workerId), signal: gone.signal })) {
          const answered = answer(id);
          if (answered !== undefined) queue.push({ id, ...answered });
          wake();
        }
      };
      return { leave: () => gone.abort(), ended: serving() };
    }

    const leaving = failsWith("cancelled", status.CANCELLED, /./);

    it("asks each worker, as often as wanted, also at once", async () => {
      const served = ["w1", "w2"].map((id) => connect(id, () => ({ statusInfo: `${id} is well` })));
      const reports = await Promise.all(["w1", "w2", "w1"].map((id) => workers.report(id, 5_000)));
      assert.deepEqual(reports, ["w1 is well", "w2 is well", "w1 is well"]);
      assert.equal(workers.isConnected("w1"), true);
      for (const { leave, ended } of served) {
        leave();
        await assert.rejects(ended, leaving);
      }
      await until("the workers have gone", () => !workers.isConnected("w1") && !workers.isConnected("w2"));
    });

    it("gives a worker the time to connect", async () => {
      const report = workers.report("w1", 5_000);
      const { leave, ended } = connect("w1", () => ({ statusInfo: "here" }));
      assert.equal(await report, "here");
      leave();
      await assert.rejects(ended, leaving);
    });

    it("fails when a worker does not connect, does not answer, or cannot", async () => {
      await assert.rejects(workers.report("w0", 30), failsWith("io", undefined, /not connected .* within 30 ms/));
      const mute = connect("w1", () => undefined);
      const broken = connect("w2", () => ({ error: "no stacks" }));
      await until("both are connected", () => workers.isConnected("w1") && workers.isConnected("w2"));
      await assert.rejects(workers.report("w1", 30), failsWith("io", undefined, /has not said within 30 ms.*stuck/));
      await assert.rejects(workers.report("w2", 5_000), failsWith("io", undefined, /no stacks/));
      for (const { leave, ended } of [mute, broken]) {
        leave();
        await assert.rejects(ended, leaving);
      }
    });

    it("fails at once when the worker disconnects meanwhile", async () => {
      const mute = connect("w1", () => undefined);
      await until("it is connected", () => workers.isConnected("w1"));
      const report = assert.rejects(workers.report("w1", 60_000), failsWith("worker-lost", undefined, /w1/));
      mute.leave();
      await assert.rejects(mute.ended, leaving);
      await report;
    });

    it("asks the latest connection of a worker", async () => {
      const first = connect("w1", () => undefined);
      await until("it is connected", () => workers.isConnected("w1"));
      const second = connect("w1", () => ({ statusInfo: "again" }));
      await first.ended;
      assert.equal(await workers.report("w1", 5_000), "again");
      second.leave();
      await assert.rejects(second.ended, leaving);
    });

    it("refuses workers that nobody knows", async () => {
      await assert.rejects(connect("x", () => undefined).ended, failsWith("not-found", status.NOT_FOUND, /x/));
    });
  });
});

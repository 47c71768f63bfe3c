import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import type { Server } from "@grpc/grpc-js";
import type { Handlers } from "../../portability/fn-api/call-types.js";
import { client, createServer, listen, serve, shutdown } from "../../portability/fn-api/grpc.js";
import {
  BeamFnExternalWorkerPool,
  type StartWorkerRequest,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { type Leashed, leash } from "../../portability/process/leash.js";
import type { LaunchedWorker, WorkerToLaunch } from "./launcher.js";
import { launcherFor } from "./launcher-for.js";
import { external } from "./testing/environments.js";
import { failure } from "./testing/failures.js";
import { isAlive, until } from "./testing/processes.js";
import { bootPython, findBeamPython, makeProgram, NO_BEAM_PYTHON } from "./testing/programs.js";
import { TestServices } from "./testing/services.js";

type PoolHandlers = Handlers<(typeof BeamFnExternalWorkerPool)["method"]>;

interface PoolOfSpec {
  readonly params?: Record<string, string>;
  readonly url?: string;
  readonly poolTimeout?: number;
}

const ENDPOINTS = { control: "h:1", logging: "h:2", artifact: "h:3", provision: "h:4" };

describe("workers of a pool", () => {
  let server: Server;
  let address: string;
  const launched: LaunchedWorker[] = [];

  beforeEach(async () => {
    server = createServer();
    address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
  });

  afterEach(async () => {
    await Promise.all(launched.splice(0).map((worker) => worker.stop()));
    await shutdown(server, 50);
  });

  const pool = (handlers: PoolHandlers): void => serve(server, BeamFnExternalWorkerPool, handlers);

  async function launch(
    worker: Partial<WorkerToLaunch> = {},
    { params = {}, url = address, poolTimeout = 15_000 }: PoolOfSpec = {},
  ) {
    const launcher = launcherFor(external({ endpoint: { url }, params }), { poolTimeout, grace: 200 });
    const signal = new AbortController().signal;
    const there = await launcher.launch({ id: "w-1", endpoints: ENDPOINTS, signal, ...worker });
    launched.push(there);
    return there;
  }

  it("are asked for with their id, the endpoints and the environment's parameters, and stopped by their id", async () => {
    const calls: string[] = [];
    let request: StartWorkerRequest | undefined;
    pool({
      startWorker(started) {
        request = started;
        calls.push("start");
        return {};
      },
      stopWorker({ workerId }) {
        calls.push(`stop ${workerId}`);
        return {};
      },
    });
    const worker = await launch(
      { params: { a: "theirs", b: "worker's" } },
      { params: { a: "environment's", c: "environment's" } },
    );
    assert.ok(request !== undefined);
    const { workerId, controlEndpoint, loggingEndpoint, artifactEndpoint, provisionEndpoint, params } = request;
    const urls = [controlEndpoint, loggingEndpoint, artifactEndpoint, provisionEndpoint].map(
      (endpoint) => endpoint?.url,
    );
    assert.deepEqual([workerId, ...urls], ["w-1", "h:1", "h:2", "h:3", "h:4"]);
    assert.deepEqual(params, { a: "theirs", b: "worker's", c: "environment's" });
    await Promise.all([worker.stop(), worker.stop()]);
    assert.deepEqual(calls, ["start", "stop w-1"]);
  });

  it("are stopped when their signal aborts", async () => {
    const stopped: string[] = [];
    pool({
      startWorker: () => ({}),
      stopWorker({ workerId }) {
        stopped.push(workerId);
        return {};
      },
    });
    const cancel = new AbortController();
    await launch({ signal: cancel.signal });
    cancel.abort();
    await until("it is stopped", () => stopped.length === 1);
  });

  it("are refused with what the pool says", async () => {
    pool({ startWorker: () => ({ error: 'worker with ID "w-1" already exists\n' }) });
    await assert.rejects(launch(), failure("io", /refuses .*: worker with ID "w-1" already exists/, /127\.0\.0\.1/));
  });

  it("are refused where no pool can be reached", async () => {
    const nowhere = launch({}, { url: "127.0.0.1:1", poolTimeout: 200 });
    await assert.rejects(nowhere, failure("io", /cannot be reached/, /127\.0\.0\.1:1/, /worker_pool_main/));
  });

  it("are refused where something else listens", async () => {
    serve(server, JobService, {});
    await assert.rejects(
      launch(),
      failure("io", /does not start a worker/, /UNIMPLEMENTED/, /worker pool of a Beam SDK/),
    );
  });

  it("are given up when the pool does not answer; it is told, in case it has begun", async () => {
    const stopped: string[] = [];
    pool({
      startWorker: () => new Promise(() => undefined),
      stopWorker({ workerId }) {
        stopped.push(workerId);
        return {};
      },
    });
    const late = launch({}, { poolTimeout: 1_000 });
    await assert.rejects(late, failure("io", /does not start a worker/, /DEADLINE_EXCEEDED/));
    await assert.rejects(launch({ signal: AbortSignal.timeout(50) }), failure("cancelled"));
    await until("it is told twice", () => stopped.length === 2);
  });

  it("are given up when they are cancelled, before and while the pool is looked for", async () => {
    await assert.rejects(launch({ signal: AbortSignal.abort() }), failure("cancelled"));
    const connections: Socket[] = [];
    const socket = createSocket((connection) => connections.push(connection.resume()));
    await new Promise<void>((resolve) => {
      socket.listen(0, "127.0.0.1", resolve);
    });
    const { port } = socket.address() as { port: number };
    const began = performance.now();
    const mute = launch({ signal: AbortSignal.timeout(30) }, { url: `127.0.0.1:${port}` });
    await assert.rejects(mute, failure("cancelled"));
    assert.ok(performance.now() - began < 4_000);
    socket.close();
    // gRPC does not let go of a connection on which the other side has not said anything yet.
    for (const connection of connections) connection.destroy();
  });

  it("are gone for us when the pool is, or does not answer any more", async () => {
    pool({ startWorker: () => ({}), stopWorker: () => new Promise(() => undefined) });
    await (await launch()).stop();
    const worker = await launch();
    await shutdown(server, 0);
    await worker.stop();
    server = createServer();
  });

  describe("of Beam's Python SDK", () => {
    let python: string;
    let folder: string;
    let services: TestServices;
    let process: Leashed;
    let pool: string;
    const said: string[] = [];

    before(async function () {
      const found = findBeamPython();
      if (found === undefined) {
        console.log(`      skipped: ${NO_BEAM_PYTHON}`);
        this.skip();
      }
      python = found;
      folder = mkdtempSync(join(tmpdir(), "girder-spec-"));
      services = await TestServices.start();
    });

    after(async () => {
      if (folder === undefined) return;
      await services[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    });

    /** Python's pool takes no port of its own choice. */
    async function startPool(...args: string[]): Promise<void> {
      const free = createServer();
      const port = await listen(free, "127.0.0.1:0");
      await shutdown(free);
      pool = `localhost:${port}`;
      said.length = 0;
      const main = ["-m", "apache_beam.runners.worker.worker_pool_main", `--service_port=${port}`];
      // Without a boot program the pool starts what is `python` on its PATH.
      const env = { ...globalThis.process.env };
      env["PATH"] = `${dirname(python)}${delimiter}${env["PATH"]}`;
      process = await leash(python, [...main, ...args], { env, grace: 2_000, onLine: (line) => said.push(line) });
      const connection = client(BeamFnExternalWorkerPool, pool);
      try {
        await connection.ready(60_000);
      } finally {
        connection.close();
      }
    }

    afterEach(async () => {
      await process?.end();
    });

    async function launchFrom(id: string): Promise<LaunchedWorker> {
      services.expect(id);
      const launcher = launcherFor(external({ endpoint: { url: pool } }));
      const worker = await launcher.launch({ id, endpoints: services.endpoints, signal: new AbortController().signal });
      await until(`${id} is connected; the pool said:\n${said.join("\n")}`, () => services.connected.has(id), 60_000);
      return worker;
    }

    it("boot by the contract, are provisioned, connect, log through the logging service, and stop", async function () {
      this.timeout(120_000);
      await startPool(`--container_executable=${makeProgram(folder, "boot", bootPython(python))}`);
      const workers = await Promise.all(["py-1", "py-2"].map(launchFrom));
      for (const id of ["py-1", "py-2"]) {
        assert.ok(services.provisioned.has(id));
        await until(`${id} has logged`, () => services.heard(id, /Python sdk harness starting/));
      }
      await workers[0]!.stop();
      await until("it has gone", () => !services.connected.has("py-1"));
      assert.ok(services.connected.has("py-2"));
      await workers[1]!.stop();
      await until("the other has gone, too", () => services.connected.size === 0);
    });

    it("connect without a boot program, as they do for LOOPBACK, and stop", async function () {
      this.timeout(120_000);
      await startPool();
      const worker = await launchFrom("py-3");
      assert.ok(!services.provisioned.has("py-3"));
      await worker.stop();
      await until("it has gone", () => services.connected.size === 0);
    });

    it("end by themselves when the server is gone without having stopped them", async function () {
      this.timeout(120_000);
      await startPool();
      await launchFrom("py-4");
      const ps = ["-o", "pid=,args=", "--ppid", String(process.pid)];
      const children = spawnSync("ps", ps, { encoding: "utf8" }).stdout.split("\n");
      const pid = Number.parseInt(children.find((line) => line.includes("SdkHarness")) ?? "", 10);
      assert.equal(isAlive(pid), true);
      await services[Symbol.asyncDispose]();
      await until("its process is gone", () => !isAlive(pid), 60_000);
      services = await TestServices.start();
    });
  });
});

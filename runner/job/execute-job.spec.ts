import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type JsonObject } from "@bufbuild/protobuf";
import { Metadata } from "@grpc/grpc-js";
import { GirderError } from "../../portability/errors.js";
import { client, createServer, listen, serve, shutdown } from "../../portability/fn-api/grpc.js";
import {
  BeamFnExternalWorkerPool,
  BeamFnLogging,
  LogEntry_Severity_Enum as Severity,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import {
  type ProvisionInfo,
  ProvisionService,
} from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import {
  ArtifactInformationSchema,
  type Environment,
  type Pipeline,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { MonitoringInfo } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer, STAGE_NAMESPACE } from "../../portability/metrics/index.js";
import { SINK_URN } from "../environment/fn-api/bundle-descriptor.js";
import { type FakeBundle, FakeWorker, type Process } from "../environment/fn-api/testing/fake-worker.js";
import { RUNNER_CAPABILITIES } from "../environment/runner-capabilities.js";
import { anyOf, external, ofUrn } from "../environment/testing/environments.js";
import { combinesOfPython, PipelineBuilder } from "../graph/testing.js";
import type { JobArtifacts } from "./artifacts/job-artifacts.js";
import { jobExecutor } from "./execute-job.js";
import type { ExecutionMessage, JobExecution } from "./execution.js";
import { WorkerServices } from "./worker-services.js";

const OPTIONS = { "beam:option:x:v1": 1 };

/** Services for workers, and a pool that starts fake ones. */
class Pool implements AsyncDisposable {
  readonly workers = new Map<string, FakeWorker>();
  readonly stopped: string[] = [];
  readonly messages: ExecutionMessage[] = [];
  readonly cancel = new AbortController();
  /** What a worker finds at the addresses that it was given. */
  endpoints = { provision: "", logging: "" };

  private constructor(
    readonly services: WorkerServices,
    readonly server: ReturnType<typeof createServer>,
    readonly address: string,
  ) {}

  static async start(process: Process, connects = true): Promise<Pool> {
    const server = createServer();
    const address = `127.0.0.1:${await listen(server, "127.0.0.1:0")}`;
    const pool = new Pool(await WorkerServices.start("127.0.0.1"), server, address);
    serve(server, BeamFnExternalWorkerPool, {
      startWorker({ workerId, controlEndpoint, provisionEndpoint, loggingEndpoint }) {
        const worker = new FakeWorker(controlEndpoint!.url, workerId, process);
        pool.workers.set(workerId, worker);
        pool.endpoints = { provision: provisionEndpoint!.url, logging: loggingEndpoint!.url };
        if (connects) worker.connect();
        return {};
      },
      stopWorker({ workerId }) {
        pool.stopped.push(workerId);
        pool.workers.get(workerId)?.die();
        return {};
      },
    });
    return pool;
  }

  get environment(): Environment {
    return external({ endpoint: { url: this.address } });
  }

  /** Runs a pipeline in this environment, by default of one transform. */
  run(environment = this.environment, pipeline = pipelineIn(environment), options: JsonObject = OPTIONS): JobExecution {
    const execute = jobExecutor(this.services, { memoryBudget: 1 << 20, bundleAttempts: 2 });
    return execute({
      jobId: "job-7",
      jobName: "a job",
      pipeline,
      options,
      retrievalToken: "token",
      artifacts: { has: () => false } as unknown as JobArtifacts,
      signal: this.cancel.signal,
      drain: new AbortController().signal,
      log: (message) => this.messages.push(message),
    });
  }

  /** What a worker is told. */
  async provision(workerId: string): Promise<ProvisionInfo> {
    const provision = client(ProvisionService, this.endpoints.provision);
    try {
      return (await provision.call.getProvisionInfo({}, named(workerId))).info!;
    } finally {
      provision.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.workers.values()) worker.die();
    await this.services.close();
    await shutdown(this.server, 100);
  }
}

function named(workerId: string) {
  const metadata = new Metadata();
  metadata.set("worker_id", workerId);
  return { metadata };
}

function pipelineIn(environment: Environment): Pipeline {
  const builder = new PipelineBuilder();
  const input = builder.impulse("impulse");
  builder.parDo("do", input);
  builder.tamper(({ pcollections, environments }) => {
    pcollections[input]!.coderId = "bytes";
    environments["main"] = environment;
  });
  return builder.build();
}

/** Descriptors of this process, and timers that keep it. */
function openHandles(): number {
  const descriptors = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").length : 0;
  return descriptors + process.getActiveResourcesInfo().filter((name) => /^(Timeout|FS|TCP)/.test(name)).length;
}

const isError =
  (code: string, text = /./) =>
  (thrown: unknown): boolean =>
    thrown instanceof GirderError && thrown.code === code && text.test(thrown.message);

const COUNT = {
  urn: "beam:metric:user:sum_int64:v1",
  type: "beam:metrics:sum_int64:v1",
  labels: { PTRANSFORM: "do", NAMESPACE: "n", NAME: "count" },
  payload: Uint8Array.of(3),
};

describe("the execution of a job", () => {
  it("has workers started, provisioned as long as they run, and stopped", async () => {
    let info: ProvisionInfo | undefined;
    await using pool = await Pool.start(async (bundle) => {
      info = await pool.provision(bundle.worker.id);
    });
    await pool.run().done;
    const [id] = [...pool.workers.keys()] as [string];
    assert.equal(id, "job-7/main-1");
    assert.deepEqual([info!.metadata["job_id"], info!.retrievalToken], ["job-7", "token"]);
    assert.deepEqual(info!.pipelineOptions, { "beam:option:x:v1": 1 });
    assert.deepEqual(info!.runnerCapabilities, RUNNER_CAPABILITIES);
    assert.equal(info!.statusEndpoint!.url, pool.services.address);
    assert.deepEqual(pool.stopped, [id]);
    await assert.rejects(pool.provision(id), isError("not-found"));
  });

  it("tells of metrics while it goes on and at its end", async () => {
    await using pool = await Pool.start(() => ({ monitoringInfos: [COUNT] }));
    const job = pool.run();
    assert.deepEqual(job.metrics(), { attempted: [], committed: [] });
    await job.done;
    const { attempted, committed } = job.metrics();
    const isOfRunner = ({ labels }: MonitoringInfo): boolean => labels["NAMESPACE"] === STAGE_NAMESPACE;
    const recorded = attempted.filter((info) => !isOfRunner(info));
    assert.deepEqual(
      recorded.map(({ labels, payload }) => [labels["NAME"], [...payload]]),
      [["count", [3]]],
    );
    assert.deepEqual(committed, recorded);
    // Where the job was held up: nowhere any more.
    const gauges = MetricsContainer.fromMonitoringInfos(attempted.filter(isOfRunner));
    assert.deepEqual(
      Array.from(gauges.entries(), ({ key, cell }) => [
        key.step,
        key.name,
        cell.kind === "gauge" ? Number(cell.result()?.value) : cell.kind,
      ]),
      ["watermark_lag_ms", "pending_elements", "pending_bytes", "open_bundles"].map((name) => ["do", name, 0]),
    );
  });

  it("tells where it is held up while a worker is busy", async () => {
    let finish = (): void => undefined;
    const busy = new Promise<void>((resolve) => {
      finish = resolve;
    });
    await using pool = await Pool.start(() => busy);
    const job = pool.run();
    const open = (): number => {
      const gauges = MetricsContainer.fromMonitoringInfos(job.metrics().attempted);
      const { value = 0 } =
        gauges.gauge({ step: "do", namespace: STAGE_NAMESPACE, name: "open_bundles" }).result() ?? {};
      return Number(value);
    };
    // Progress is told of once a second at the latest.
    while (open() !== 1) await new Promise((resolve) => setTimeout(resolve, 10));
    finish();
    await job.done;
    assert.equal(open(), 0);
  });

  it("heeds the option that asks for streaming: combines of Python are packed without it", async () => {
    const transforms: string[] = [];
    await using pool = await Pool.start(
      ({ descriptor }) => void transforms.push(...Object.keys(descriptor.transforms)),
    );
    const builder = combinesOfPython("");
    builder.tamper(({ environments, pcollections }) => {
      pcollections["impulse.out"]!.coderId = "bytes";
      Object.assign(environments["main"]!, { urn: pool.environment.urn, payload: pool.environment.payload });
    });
    const packs = (): boolean => transforms.some((id) => id.startsWith("Packed("));
    await pool.run(pool.environment, builder.build(), { "beam:option:streaming:v1": true }).done;
    assert.ok(transforms.length > 0 && !packs());
    await pool.run(pool.environment, builder.build(), { "beam:option:streaming:v1": false }).done;
    assert.ok(packs());
  });

  it("passes on what workers log", async () => {
    await using pool = await Pool.start(async ({ worker }: FakeBundle) => {
      const logging = client(BeamFnLogging, pool.endpoints.logging);
      const entry = { severity: Severity.ERROR, message: "it is hot", trace: "at oven.py" };
      for await (const _ of logging.call.logging([{ logEntries: [entry] }], named(worker.id)));
      logging.close();
    });
    await pool.run().done;
    assert.deepEqual(
      pool.messages.map(({ importance, text }) => [importance, text]),
      [["warning", "job-7/main-1: it is hot\nat oven.py"]],
    );
  });

  it("fails with what a function has thrown", async () => {
    await using pool = await Pool.start(() => {
      throw new Error("ValueError: no");
    });
    await assert.rejects(pool.run().done, isError("user-exception", /ValueError: no/));
    assert.deepEqual(pool.stopped, ["job-7/main-1"]);
  });

  it("ends when it is cancelled, though its worker has not come", async () => {
    await using pool = await Pool.start(() => undefined, false);
    const { done } = pool.run();
    while (pool.workers.size === 0) await new Promise((resolve) => setImmediate(resolve));
    pool.cancel.abort();
    await assert.rejects(done, isError("cancelled"));
    // A pool whose answer was not waited for is told afterwards.
    while (pool.stopped.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(pool.stopped, ["job-7/main-1"]);
    await assert.rejects(pool.provision("job-7/main-1"), isError("not-found"));
  });

  it("fails where no worker can be had", async () => {
    await using pool = await Pool.start(() => undefined);
    await assert.rejects(pool.run(ofUrn("beam:env:own:v1")).done, isError("unsupported"));
    const refusing = createServer();
    serve(refusing, BeamFnExternalWorkerPool, { startWorker: () => ({ error: "no room" }) });
    const url = `127.0.0.1:${await listen(refusing, "127.0.0.1:0")}`;
    await assert.rejects(pool.run(external({ endpoint: { url } })).done, isError("io", /no room/));
    await shutdown(refusing, 100);
  });

  it("leaves nothing behind, whatever becomes of its jobs: no handle, no file, no worker that is known", async () => {
    const folder = mkdtempSync(join(tmpdir(), "girder-leak-spec-"));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;
    try {
      const ends: Process[] = [
        () => undefined,
        () => {
          throw new Error("ValueError: no");
        },
        // It is started anew, as often as a bundle is tried.
        ({ worker }) => worker.die(),
        (bundle) => {
          const { worker, instruction } = bundle;
          const [transformId = ""] = bundle.transforms(SINK_URN);
          worker.send({ data: [{ instructionId: instruction, transformId, data: Buffer.from("garbage") }] });
        },
      ];
      let end = 0;
      await using pool = await Pool.start((bundle) => ends[end]!(bundle) as undefined);
      const settled = async (): Promise<void> => {
        await Promise.allSettled([pool.run().done]);
      };
      // The first of all opens what stays open.
      await settled();
      const handles = openHandles();
      for (end = 0; end < ends.length; end++) for (let i = 0; i < 3; i++) await settled();
      const { done } = pool.run();
      pool.cancel.abort();
      await assert.rejects(done, isError("cancelled"));
      assert.deepEqual(readdirSync(folder), []);
      assert.ok(pool.stopped.length >= 12, String(pool.stopped.length));
      for (const id of pool.workers.keys()) await assert.rejects(pool.provision(id), isError("not-found"));
      const limit = performance.now() + 5_000;
      while (openHandles() > handles && performance.now() < limit)
        await new Promise((resolve) => setTimeout(resolve, 10));
      assert.ok(openHandles() <= handles, `${openHandles()} handles are open, ${handles} were`);
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmdirSync(folder);
    }
  });

  it("provisions a worker with what the alternative needs that it is", async () => {
    let info: ProvisionInfo | undefined;
    await using pool = await Pool.start(async (bundle) => {
      info = await pool.provision(bundle.worker.id);
    });
    const dependencies = [create(ArtifactInformationSchema, { typeUrn: "own:type", roleUrn: "own:role" })];
    await pool.run(anyOf({ ...pool.environment, dependencies })).done;
    assert.deepEqual(
      info!.dependencies.map(({ typeUrn }) => typeUrn),
      ["own:type"],
    );
  });
});

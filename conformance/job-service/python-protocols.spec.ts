import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { client } from "../../portability/fn-api/grpc.js";
import { JobService } from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import type { MonitoringInfo } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import type { BundleWatchOptions } from "../../runner/environment/fn-api/bundle-watch.js";
import { findBeamPython, makeProgram, NO_BEAM_PYTHON } from "../../runner/environment/testing/programs.js";
import { PORTABLE_CAPABILITIES } from "../../runner/graph/capabilities.js";
import { plan } from "../../runner/graph/plan.js";
import { jobExecutor } from "../../runner/job/execute-job.js";
import { JobServer } from "../../runner/job/job-server.js";
import { WorkerServices } from "../../runner/job/worker-services.js";

const FOLDER = resolve(import.meta.dirname, "../../../conformance");
const PROGRAM = join(FOLDER, "job-service", "python_protocols.py");

interface Outcome {
  readonly state?: string;
  readonly error?: string;
  readonly requests?: Readonly<Record<string, number>>;
  readonly sizes?: readonly (readonly number[])[];
  readonly streams?: readonly string[];
  readonly bounded?: number;
  readonly unbounded?: number;
}

describe("Python's workers and the runner", function () {
  this.timeout(120_000);
  let python: string;
  let folder: string;
  /** Ends what was started, last first. */
  const ends: (() => Promise<void>)[] = [];

  before(async function () {
    const found = process.env["GIRDER_CONFORMANCE_PYTHON"] ?? findBeamPython();
    if (found === undefined) {
      console.log(`      skipped: ${NO_BEAM_PYTHON}`);
      return this.skip();
    }
    python = found;
    folder = await mkdtemp(join(tmpdir(), "girder-protocols-spec-"));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  after(() => folder && rm(folder, { recursive: true }));

  /** A job service that executes with Python's workers. */
  async function serving(
    watch: Pick<BundleWatchOptions, "interval" | "stuckAfter" | "answerTime"> = {},
  ): Promise<string> {
    const services = await WorkerServices.start("127.0.0.1");
    ends.push(services.close);
    const server = await JobServer.start({
      host: "127.0.0.1",
      port: 0,
      stagingDirectory: folder,
      check: (pipeline) => void plan(pipeline, PORTABLE_CAPABILITIES),
      execute: jobExecutor(services, { memoryBudget: 1 << 28, bundleAttempts: 2, watch }),
    });
    ends.push(() => server.close());
    return server.address;
  }

  async function run(endpoint: string, mode: string, ...options: string[]): Promise<Outcome & { log: string }> {
    const args = ["-W", "ignore", PROGRAM, endpoint, mode, ...options];
    const { stdout, stderr } = await promisify(execFile)(python, args, { maxBuffer: 1 << 26 });
    return { ...(JSON.parse(stdout.trim().split("\n").at(-1)!) as Outcome), log: stderr };
  }

  /** Options by which functions run in processes of the server. */
  function inProcesses(): string[] {
    const command = makeProgram(folder, "boot.sh", [python, join(FOLDER, "python", "worker_boot.py")]);
    return ["--environment_type=PROCESS", `--environment_config=${JSON.stringify({ command })}`];
  }

  it("keep state from bundle to bundle, if the worker has room for it", async () => {
    const endpoint = await serving();
    const [without, cached] = [
      await run(endpoint, "state"),
      await run(endpoint, "state", "--max_cache_memory_usage_mb=10"),
    ];
    assert.deepEqual([without.state, cached.state], ["DONE", "DONE"], without.error ?? cached.error);
    // Each key's bag is read once in a round, or once in all.
    assert.equal(without.requests!["bag_user_state get"], 5 * 21);
    assert.equal(cached.requests!["bag_user_state get"], 5);
    assert.equal(cached.requests!["bag_user_state append"], 5 * 20);
  });

  it("pass the values of a large group in parts", async () => {
    const { state, sizes, requests, error } = await run(await serving(), "large-group");
    assert.equal(state, "DONE", error);
    assert.deepEqual(sizes, [[10_000_000, 100]]);
    assert.ok(requests!["runner get"]! >= 20, JSON.stringify(requests));
  });

  it("use a data stream for each bundle that is out", async () => {
    const { state, streams, error } = await run(await serving(), "streams");
    assert.equal(state, "DONE", error);
    assert.deepEqual(streams?.toSorted(), ["", "1"]);
  });

  it("tell which element has failed, if they are asked to keep it", async () => {
    const endpoint = await serving();
    const environment = inProcesses();
    const sampled = await run(endpoint, "failing", ...environment, "--experiments=enable_data_sampling");
    assert.match(sampled.error!, /ZeroDivisionError[\s\S]*\(at Reciprocal\) Element: 0\./);
    const { error } = await run(endpoint, "failing", ...environment);
    assert.match(error!, /ZeroDivisionError/);
    assert.doesNotMatch(error!, /Element:/);
  });

  it("tell what has been counted while a bundle runs", async () => {
    const endpoint = await serving({ interval: 50 });
    const { call, close } = client(JobService, endpoint);
    ends.push(async () => close());
    const running = run(endpoint, "slow", "0.2", "10");
    const seen: [attempted: number, committed: number][] = [];
    let isOver = false;
    void running.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      await wait(50);
      for (const { jobId } of (await call.getJobs({})).jobInfo) {
        const { metrics } = await call.getJobMetrics({ jobId });
        seen.push([seenBy(metrics!.attempted), seenBy(metrics!.committed)]);
      }
    }
    assert.equal((await running).state, "DONE");
    assert.ok(
      seen.some(([attempted, committed]) => attempted > 0 && attempted < 10 && committed === 0),
      String(seen),
    );
    assert.deepEqual(seen.at(-1), [10, 10]);
  });

  it("say what a slow function is doing, and replace a worker that says nothing", async () => {
    const environment = inProcesses();
    const slow = await run(await serving({ interval: 100, stuckAfter: 500 }), "slow", "3", "1", ...environment);
    assert.equal(slow.state, "DONE", slow.error);
    assert.match(slow.log, /has not moved for \d s\. Worker \S+ is at this:[\s\S]*time\.sleep\(self\.seconds\)/);
    const endpoint = await serving({ interval: 100, stuckAfter: 500, answerTime: 2_000 });
    const stuck = await run(endpoint, "stuck", join(folder, "marker"), ...environment);
    assert.equal(stuck.state, "DONE", stuck.error);
    assert.match(stuck.log, /A bundle of .* has not moved for .* Worker \S+-1 does not answer, and is given up/);
  });

  it("deliver of an unbounded source beside a bounded one, before it ends", async () => {
    const { state, bounded, unbounded } = await run(await serving(), "beside", join(folder, "beside"));
    assert.equal(state, "RUNNING");
    assert.equal(bounded, 3);
    assert.ok(unbounded! >= 3, String(unbounded));
  });
});

function seenBy(infos: readonly MonitoringInfo[]): number {
  for (const { key, cell } of MetricsContainer.fromMonitoringInfos(infos).entries()) {
    if (key.name === "seen") return Number(cell.result());
  }
  return 0;
}

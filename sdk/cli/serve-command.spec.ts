import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { client } from "../../portability/fn-api/grpc.js";
import {
  JobService,
  JobState_Enum as JobState,
} from "../../portability/gen/org/apache/beam/model/job_management/v1/beam_job_api_pb.js";
import { Pipeline } from "../pipeline/pipeline.js";
import { kebab } from "../runners/pipeline-options.js";
import { create } from "../transforms/create.js";
import { serveCommand } from "./serve-command.js";
import { SERVE_DEFAULTS, type ServeOptions } from "./serve-options.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));

describe("girder serve", function () {
  this.timeout(30_000);
  let folder: string;
  const running = new Set<ChildProcess>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-serve-spec-"));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
    running.clear();
  });

  function serve(...options: string[]) {
    const child = spawn(process.execPath, [
      MAIN,
      "serve",
      "--job-port",
      "0",
      "--staging-directory",
      folder,
      ...options,
    ]);
    running.add(child);
    const lines = createInterface({ input: child.stdout });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const exit = once(child, "close").then(([code]) => ({ code: code as number | null, stderr }));
    return { child, exit, first: once(lines, "line").then(([line]) => String(line)) };
  }

  /** A server, and where it says that it is. */
  async function started(...options: string[]) {
    const { child, exit, first } = serve(...options);
    const [, host, port] = /^girder: job service on (.*):(\d+)$/.exec(await first) ?? assert.fail(await first);
    return { child, exit, host: host!, port: Number(port) };
  }

  it("says where it listens, and ends with SIGTERM and SIGINT: at once, with 0, leaving no file", async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      const { child, exit, host, port } = await started();
      assert.equal(host, "127.0.0.1");
      // Clients that stay do not keep it.
      const jobs = client(JobService, `${host}:${port}`);
      await jobs.call.getJobs({});
      const idle = connect(port, host);
      idle.on("error", () => undefined);
      await once(idle, "connect");
      assert.equal((await readdir(folder)).length, 1);
      const begin = performance.now();
      child.kill(signal);
      assert.deepEqual(await exit, { code: 0, stderr: "" });
      assert.ok(performance.now() - begin < 5_000);
      assert.deepEqual(await readdir(folder), []);
      jobs.close();
      idle.destroy();
    }
  });

  it("takes pipelines, and tells their clients and its log what becomes of them", async () => {
    const { child, exit, port } = await started();
    const { call: jobs, close } = client(JobService, `localhost:${port}`);
    const pipeline = new Pipeline();
    pipeline.root.apply(create([1, 2])).map((n) => n + 1);
    const { preparationId } = await jobs.prepare({ jobName: "Sums", pipeline: pipeline.toProto() });
    const { jobId } = await jobs.run({ preparationId });
    const states: string[] = [];
    for await (const { state } of jobs.getStateStream({ jobId })) states.push(JobState[state]);
    assert.deepEqual(states.slice(0, 2), ["STOPPED", "STARTING"]);
    close();
    child.kill();
    assert.match((await exit).stderr, /^\S+Z sums-\w+: begins\n\S+Z sums-\w+: (done|failed)/);
  });

  it("listens on this machine only, unless it is told otherwise", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "example.org", "127.evil.org", ""]) {
      await assert.rejects(
        serveCommand({ ...SERVE_DEFAULTS, host }),
        /\[invalid-option\].*can be reached from other machines.*can run code on this machine.*--allow-remote/,
        host,
      );
    }
    const addresses = [["0.0.0.0", "--allow-remote"], ["[::1]"], ["localhost"]];
    const servers = await Promise.all(addresses.map((options) => started("--host", ...options)));
    assert.deepEqual(
      servers.map(({ host }) => host),
      ["0.0.0.0", "[::1]", "localhost"],
    );
    const jobs = client(JobService, `127.0.0.1:${servers[2]!.port}`);
    assert.deepEqual((await jobs.call.getJobs({})).jobInfo, []);
    jobs.close();
  });

  it("refuses options that it does not understand", async () => {
    const wrong: Partial<ServeOptions>[] = [
      { jobPort: "70000" },
      { jobPort: "-1" },
      { keepJobs: "many" },
      { keepJobsFor: "2 weeks" },
      { keepJobsFor: "25d" },
      { memoryBudget: "much" },
      { bundleAttempts: "0" },
      { stuckAfter: "soon" },
    ];
    for (const option of wrong) {
      const where = /^--[a-z-]+$/;
      const started = serveCommand({ ...SERVE_DEFAULTS, ...option });
      await assert.rejects(started, { code: "invalid-option", where }, JSON.stringify(option));
    }
    const [{ code, stderr }, unknown] = await Promise.all([serve("--job-port=x").exit, serve("--nonsense").exit]);
    assert.deepEqual([code, unknown.code], [2, 2]);
    assert.match(stderr, /invalid-option[\s\S]*where +--job-port[\s\S]*remedy/);
  });

  it("has the options that its page lists, with these defaults", () => {
    const page = readFileSync(fileURLToPath(new URL("../../../docs/guide/serve.md", import.meta.url)), "utf8");
    const listed = Array.from(page.matchAll(/^\| `(--[a-z-]+)(?:=(\S+))?`/gm), ([, flag, value]) => [flag, value]);
    const defaults = Object.entries(SERVE_DEFAULTS).map(([name, value]) => [`--${kebab(name)}`, value]);
    const withoutDefault = [
      ["--allow-remote", undefined],
      ["--staging-directory", "FOLDER"],
    ];
    assert.deepEqual(listed.sort(), [...defaults, ...withoutDefault].sort());
  });

  it("removes the files of a server that was killed", async () => {
    const { child, exit } = await started();
    assert.equal((await readdir(folder)).length, 1);
    child.kill("SIGKILL");
    await exit;
    const [left] = await readdir(folder);
    await started();
    const now = await readdir(folder);
    assert.equal(now.length, 1);
    assert.notEqual(now[0], left);
  });

  it("fails where its port is taken", async () => {
    const { port } = await started();
    const { code, stderr } = await serve("--job-port", String(port)).exit;
    assert.equal(code, 1);
    assert.match(stderr, /\[io\][\s\S]*address already in use[\s\S]*remedy/);
  });
});

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import type { EnvironmentOptions } from "./environment-options.js";
import type { LaunchedWorker } from "./launcher.js";
import { launcherFor } from "./launcher-for.js";
import { processOf } from "./testing/environments.js";
import { failure } from "./testing/failures.js";
import { isAlive, until } from "./testing/processes.js";
import { BOOT_WORKER, bootPython, findBeamPython, makeProgram, NO_BEAM_PYTHON } from "./testing/programs.js";
import { TestServices } from "./testing/services.js";

describe("workers in processes", () => {
  let folder: string;
  let services: TestServices;
  const launched: LaunchedWorker[] = [];
  const output: string[] = [];

  before(function () {
    if (process.platform === "win32") this.skip();
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "girder-spec-"));
    services = await TestServices.start();
    output.length = 0;
  });

  afterEach(async () => {
    await Promise.all(launched.splice(0).map((worker) => worker.stop()));
    await services[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function launch(
    id: string,
    payload: Parameters<typeof processOf>[0],
    { signal = new AbortController().signal, ...options }: EnvironmentOptions & { signal?: AbortSignal } = {},
  ): Promise<LaunchedWorker> {
    services.expect(id);
    const onOutput = (worker: string, line: string) => output.push(`${worker}: ${line}`);
    const launcher = launcherFor(processOf(payload), { onOutput, ...options });
    const worker = await launcher.launch({ id, endpoints: services.endpoints, signal });
    launched.push(worker);
    return worker;
  }

  const boot = (before = ""): string => makeProgram(folder, "boot worker", BOOT_WORKER, before);

  async function pidOf(id: string): Promise<number> {
    return Number(/process (\d+) of/.exec(await services.status.report(id, 15_000))![1]);
  }

  it("boot by Beam's contract, are provisioned, connect, log and answer; and are gone once they are stopped", async () => {
    const worker = await launch("w-1", { command: boot() });
    await until("it is connected", () => services.connected.has("w-1"), 15_000);
    await until("its logs are there", () => services.heard("w-1", /^job: a job$/));
    assert.ok(
      services.heard("w-1", /^flags: artifact_endpoint control_endpoint id logging_endpoint provision_endpoint$/),
    );
    assert.deepEqual(output, ["w-1: booting w-1"]);
    const pid = await pidOf("w-1");
    assert.equal(isAlive(pid), true);
    await worker.stop();
    assert.equal(isAlive(pid), false);
    await until("it is disconnected", () => !services.connected.has("w-1"));
  });

  it("may be several of one environment, each with its own id", async () => {
    const command = boot();
    await Promise.all(["a", "b c'd\"e"].map((id) => launch(id, { command })));
    await until("both are connected", () => services.connected.size === 2, 15_000);
    assert.notEqual(await pidOf("a"), await pidOf("b c'd\"e"));
  });

  it("get the five flags as they are, and the environment of the server and over it the payload's", async () => {
    const command = makeProgram(folder, "show", ["sh", "-c", 'echo "$A $HOME $B"; for a; do echo "$a"; done', "sh"]);
    const env = { A: "of the payload", B: "a=b 'c'" };
    const reason = await (await launch("w-1", { command, env })).exited;
    assert.match(reason, /ended with exit code 0/);
    const { control } = services.endpoints;
    const flags = ["provision", "control", "logging", "artifact"].map((name) => `w-1: --${name}_endpoint=${control}`);
    assert.deepEqual(output, [`w-1: of the payload ${process.env["HOME"]} a=b 'c'`, "w-1: --id=w-1", ...flags]);
  });

  it("say why they have ended, with their last words", async () => {
    const env = { GIRDER_SPEC: "fail" };
    const reason = await (await launch("w-1", { command: boot(), env })).exited;
    assert.match(reason, /boot worker ended with exit code 3; the last .*:\n {2}this worker cannot start$/);
    const killed = await launch("w-2", { command: boot() });
    process.kill(await pidOf("w-2"), "SIGKILL");
    assert.match(await killed.exited, /ended with signal SIGKILL/);
  });

  it("are stopped when their signal aborts", async () => {
    const cancel = new AbortController();
    await launch("w-1", { command: boot() }, { signal: cancel.signal });
    const pid = await pidOf("w-1");
    cancel.abort();
    await until("it is gone", () => !isAlive(pid));
  });

  it("are not started when their signal has aborted", async () => {
    const command = makeProgram(folder, "touch", ["touch", join(folder, "touched")]);
    await assert.rejects(launch("w-1", { command }, { signal: AbortSignal.abort() }), failure("cancelled"));
  });

  it("are killed when the grace time is over", async () => {
    const command = boot("trap '' TERM");
    const worker = await launch(
      "w-1",
      { command: makeProgram(folder, "outer", ["sh", "-c", `'${command}' "$@"; :`, "sh"], "trap '' TERM") },
      { grace: 100 },
    );
    const pid = await pidOf("w-1");
    await worker.stop();
    assert.equal(isAlive(pid), false);
  });

  it("whose program is not there, or may not be run, are refused", async () => {
    const remedy = /path of one program/;
    await assert.rejects(
      launch("w-1", { command: join(folder, "none") }),
      failure("not-found", /no such program/, remedy),
    );
    await assert.rejects(launch("w-1", { command: "no-such-program-anywhere" }), failure("not-found", /PATH/, remedy));
    await assert.rejects(launch("w-1", { command: `${process.execPath} --version` }), failure("not-found", remedy));
    const forbidden = join(folder, "forbidden");
    writeFileSync(forbidden, "");
    chmodSync(forbidden, 0o644);
    await assert.rejects(launch("w-1", { command: forbidden }), failure("io", /may not be executed/, /chmod/));
    mkdirSync(join(folder, "folder"));
    await assert.rejects(launch("w-1", { command: join(folder, "folder") }), failure("not-found"));
  });

  it("are found on the PATH, also of their own environment", async () => {
    const name = basename(makeProgram(folder, "girder-spec-boot", ["echo", "here"]));
    const env = { PATH: `${folder}${delimiter}${process.env["PATH"]}` };
    assert.match(await (await launch("w-1", { command: name, env })).exited, /girder-spec-boot ended with exit code 0/);
  });

  it("of Beam's Python SDK boot, log through the logging service and report their status", async function () {
    const python = findBeamPython();
    if (python === undefined) {
      console.log(`      skipped: ${NO_BEAM_PYTHON}`);
      this.skip();
    }
    this.timeout(90_000);
    const worker = await launch("py-1", { command: makeProgram(folder, "boot", bootPython(python)) });
    const over = worker.exited.then((reason) => assert.fail(reason));
    const connected = until("it is connected", () => services.connected.has("py-1"), 80_000);
    await Promise.race([connected, over]);
    await until("its logs are there", () => services.heard("py-1", /Python sdk harness starting/));
    assert.ok(services.provisioned.has("py-1"));
    const options = services.logs.find(({ entry }) => entry.message.startsWith("Pipeline_options:"));
    assert.match(options!.entry.message, /'job_name': 'a job'/);
    assert.match(
      await services.status.report("py-1", 10_000),
      /CACHE STATS[\s\S]*ACTIVE PROCESSING BUNDLES[\s\S]*THREAD DUMP/,
    );
    await worker.stop();
    await until("it is disconnected", () => !services.connected.has("py-1"));
    assert.equal(services.status.isConnected("py-1"), false);
  });
});

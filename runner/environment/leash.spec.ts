import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { GirderError } from "../../portability/errors.js";
import { describeEnding, type Leashed, type LeashOptions, leash } from "../../portability/process/leash.js";
import { isAlive, until } from "./testing/processes.js";

describe("leash", () => {
  let folder: string;
  const running: Leashed[] = [];

  before(function () {
    if (process.platform === "win32") this.skip();
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-spec-"));
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map((leashed) => leashed.end()));
    rmSync(folder, { recursive: true });
  });

  async function shell(script: string, options: Partial<LeashOptions> = {}) {
    const lines: string[] = [];
    const onLine = (line: string, output: string) => lines.push(`${output}: ${line}`);
    const leashed = await leash("sh", ["-c", script, "sh", "a b", "c'd"], { grace: 2_000, onLine, ...options });
    running.push(leashed);
    const said = (line: string) => until(`the script says "${line}"`, () => lines.includes(`stdout: ${line}`));
    return { leashed, lines, said };
  }

  /** A script that says the ids of its processes and goes on for a minute. */
  const FAMILY = "sleep 60 & echo $$ $!; wait";
  const idsOf = (line: string): number[] => line.replace("stdout: ", "").trim().split(" ").map(Number);

  it("runs a program as it is: arguments, environment, output, exit code", async () => {
    const env = { ...process.env, GREETING: "good day" };
    const { leashed, lines } = await shell('echo "$GREETING, $1, $2"; printf "to err\\nwithout end" >&2; exit 3', {
      env,
    });
    const ending = await leashed.ended;
    assert.deepEqual(ending, { code: 3, signal: null, lastWords: ["to err", "without end"] });
    assert.deepEqual(lines.sort(), ["stderr: to err", "stderr: without end", "stdout: good day, a b, c'd"]);
    assert.match(describeEnding(ending), /exit code 3; the last .*standard error:\n {2}to err\n {2}without end$/);
  });

  it("has the program as its own child: signals are seen, and those that end it are not ignored", async () => {
    const { leashed, said } = await shell(
      "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.05; done",
    );
    await said("ready");
    process.kill(leashed.pid, "SIGINT");
    assert.equal((await leashed.ended).code, 7);
    const killed = await shell("kill -KILL $$");
    const ending = await killed.leashed.ended;
    assert.equal(ending.signal, "SIGKILL");
    assert.match(describeEnding(ending), /^ended with signal SIGKILL, without a word/);
  });

  it("holds each program for itself", async () => {
    const [first, second] = [await shell("echo ready; sleep 60"), await shell("echo ready; sleep 60")];
    await Promise.all([first.said("ready"), second.said("ready")]);
    await first.leashed.end();
    assert.deepEqual(
      [first, second].map(({ leashed }) => isAlive(leashed.pid)),
      [false, true],
    );
  });

  it("asks before it kills", async () => {
    const { leashed, lines, said } = await shell(
      "trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done",
      { grace: 10_000 },
    );
    await said("ready");
    await leashed.end();
    assert.equal(lines.at(-1), "stdout: bye");
    assert.equal((await leashed.ended).code, 0);
    await leashed.end();
  });

  it("kills what does not listen, when the grace time is over", async () => {
    const { leashed, lines } = await shell(`trap '' TERM; ${FAMILY}`, { grace: 200 });
    await until("the ids are known", () => lines.length === 1);
    const began = performance.now();
    await leashed.end();
    assert.ok(performance.now() - began >= 200);
    assert.equal((await leashed.ended).signal, "SIGKILL");
    assert.deepEqual(idsOf(lines[0]!).filter(isAlive), []);
  });

  it("ends what is left of a program that has ended by itself", async () => {
    const { leashed, lines } = await shell("sleep 60 & echo $!; exit 0");
    assert.equal((await leashed.ended).code, 0);
    const [child] = idsOf(lines[0]!);
    await until("its child is gone", () => !isAlive(child!));
  });

  it("ends children that have a process group of their own", async function () {
    if (!existsSync("/proc/self/stat") || !existsSync("/bin/bash")) this.skip();
    const family = `exec /bin/bash -c 'set -m; (trap "" TERM; sleep 60 & echo $BASHPID $!; wait) & wait'`;
    const { leashed, lines } = await shell(family, { grace: 200 });
    await until("the ids are known", () => lines.length === 1);
    const ids = idsOf(lines[0]!);
    assert.deepEqual(ids.map(isAlive), [true, true]);
    await leashed.end();
    assert.deepEqual(ids.filter(isAlive), []);
  });

  it("does not wait for a daemon that keeps the outputs open", async function () {
    if (process.platform !== "linux") this.skip();
    const { leashed, lines } = await shell("setsid sleep 60 & echo $!; sleep 0.2");
    await leashed.ended;
    const [daemon] = idsOf(lines[0]!);
    if (isAlive(daemon!)) process.kill(daemon!);
  });

  it("runs a command afterwards, whether the program was ended or not", async () => {
    for (const script of ["exit 0", "sleep 60"]) {
      const file = join(folder, `after ${script}`);
      const afterwards = ["sh", "-c", 'echo "$1" >>"$2"', "sh", "it's over", file];
      const { leashed } = await shell(script, { afterwards });
      if (script === "exit 0") await leashed.ended;
      await leashed.end();
      assert.match(readFileSync(file, "utf8"), /^it's over\n/);
    }
  });

  it("kills a program whose watcher was killed: nothing goes on unwatched", async function () {
    if (process.platform !== "linux") this.skip();
    const { leashed, lines } = await shell(`echo $(ps -o pid= --ppid $$); ${FAMILY}`);
    await until("the ids are known", () => lines.length === 2);
    const watcher = idsOf(lines[0]!).find((pid) =>
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("girder-leash"),
    );
    process.kill(watcher!, "SIGKILL");
    assert.equal((await leashed.ended).signal, "SIGKILL");
    const ids = idsOf(lines[1]!);
    await until("all is gone", () => !ids.some(isAlive));
  });

  it("says where there is no program of the name", async () => {
    const leashed = await leash("no-such-program", [], { grace: 100 });
    running.push(leashed);
    const { code, lastWords } = await leashed.ended;
    assert.equal(code, 127);
    assert.match(lastWords.join("\n"), /no-such-program/);
  });

  it("refuses what cannot be started", async () => {
    const tooLong = "x".repeat(10_000_000);
    await assert.rejects(leash("sh", ["-c", tooLong], { grace: 100 }), (thrown: unknown) => {
      assert.ok(thrown instanceof GirderError, String(thrown));
      assert.equal(thrown.code, "io");
      assert.match(thrown.message, /E2BIG/);
      return true;
    });
  });

  describe("when the process that holds it ends", () => {
    const url = JSON.stringify(new URL("../../portability/process/leash.js", import.meta.url).href);
    const server = (script: string, afterwards: readonly string[]) => `
      import { leash } from ${url};
      const onLine = (line) => console.log(line);
      await leash("sh", ["-c", ${JSON.stringify(script)}], { grace: 300, onLine, afterwards: ${JSON.stringify(afterwards)} });
      process.on("message", (how) => { if (how === "exit") process.exit(0); throw new Error("thrown"); });
    `;

    for (const how of ["SIGKILL", "SIGTERM", "SIGINT", "exit", "throw"]) {
      for (const [kind, script] of [
        ["a program that listens", FAMILY],
        ["one that does not, nor its children", `trap '' TERM; ${FAMILY}`],
      ] as const) {
        it(`ends ${kind}: ${how}`, async () => {
          const file = join(folder, "after");
          const child = spawn(process.execPath, ["--input-type=module", "-e", server(script, ["touch", file])], {
            stdio: ["ignore", "pipe", "ignore", "ipc"],
          });
          const [line] = (await once(createInterface(child.stdout!), "line")) as [string];
          const ids = idsOf(line);
          assert.deepEqual(ids.map(isAlive), [true, true]);
          if (how.startsWith("SIG")) child.kill(how as NodeJS.Signals);
          else child.send(how);
          await once(child, "exit");
          await until("all its children are gone", () => !ids.some(isAlive));
          await until("the command was run afterwards", () => existsSync(file));
        });
      }
    }
  });
});

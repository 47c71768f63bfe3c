import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { GirderError } from "../../../portability/errors.js";
import { create } from "../../transforms/create.js";
import { StandIn } from "../job-server/testing/stand-in.js";
import { type RunOptions, run } from "../run.js";
import { findPrism } from "./find-prism.js";

interface Logged {
  readonly pid?: number;
  readonly args?: readonly string[];
}

/** What the stand-in has written down. */
function logOf({ log }: StandIn): Logged[] {
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Logged);
}

const startsOf = (prism: StandIn): Logged[] => logOf(prism).filter(({ pid }) => pid !== undefined);

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and that nobody has asked for is one in name only.
    return !/^State:\s+Z/m.test(existsSync("/proc") ? readFileSync(`/proc/${pid}/status`, "utf8") : "");
  } catch {
    return false;
  }
}

/** Waits until a process is gone. */
async function gone(pid: number): Promise<void> {
  for (const end = Date.now() + 10_000; runs(pid); await wait(20)) {
    assert.ok(Date.now() < end, `process ${pid} is left`);
  }
}

/** A pipeline that a job service is to be given. */
function runOn(prism: StandIn, options: RunOptions = {}) {
  return run((root) => void root.apply(create([1])), { runner: "prism", prismLocation: prism.program, ...options });
}

describe("the runner prism", () => {
  it("starts a Prism for the process, once, and again if it has ended", async () => {
    using prism = new StandIn("prism", "done", "--job_port");
    assert.equal((await runOn(prism)).state, "DONE");
    assert.equal((await runOn(prism)).state, "DONE");
    const [{ pid, args }, ...more] = startsOf(prism) as [{ pid: number; args: string[] }];
    assert.deepEqual(more, []);
    assert.deepEqual(args.slice(1), ["--serve_http=false", "--log_level=warn", "--log_kind=text"]);
    process.kill(pid);
    await gone(pid);
    // The end of it has become known by then.
    await wait(100);
    assert.equal((await runOn(prism)).state, "DONE");
    assert.equal(startsOf(prism).length, 2);
    process.kill(startsOf(prism)[1]!.pid!);
  });

  it("that dies while a job runs says its last words within seconds", async () => {
    using prism = new StandIn("prism", "dies", "--job_port");
    const begun = performance.now();
    await assert.rejects(runOn(prism), (thrown: unknown) => {
      assert.ok(thrown instanceof GirderError);
      assert.equal(thrown.code, "io");
      assert.match(thrown.what, /lost while the job ran: Prism ended with exit code 3.*panic: out of luck/s);
      assert.match(thrown.where ?? "", /^localhost:\d+$/);
      assert.match(thrown.remedy ?? "", /--prism-log-level/);
      return true;
    });
    assert.ok(performance.now() - begun < 10_000);
  });

  it("that does not start says why", async () => {
    using prism = new StandIn("prism", "does not start", "--job_port");
    await assert.rejects(runOn(prism), { code: "io", message: /Prism ended with exit code 3.*no such luck/s });
  });

  for (const signal of ["SIGTERM", "SIGKILL", undefined] as const) {
    it(`leaves nothing behind when the program ${signal === undefined ? "ends" : `is ended by ${signal}`}`, async () => {
      using prism = new StandIn("prism", signal === undefined ? "done" : "hangs", "--job_port");
      const program = join(prism.folder, "program.mjs");
      const own = (path: string): string => JSON.stringify(pathToFileURL(resolve(import.meta.dirname, path)).href);
      writeFileSync(
        program,
        `import { run } from ${own("../run.js")};
         import { create } from ${own("../../transforms/create.js")};
         const options = { runner: "prism", prismLocation: ${JSON.stringify(prism.program)}, onProgress: ({ state }) => console.log(state) };
         await run((root) => void root.apply(create([1])), options);`,
      );
      const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
      const ended = once(child, "exit");
      if (signal !== undefined) {
        await once(child.stdout, "data");
        child.kill(signal);
      }
      const [code] = (await ended) as [number | null];
      assert.equal(code, signal === undefined ? 0 : null);
      const [{ pid }] = startsOf(prism) as [{ pid: number }];
      await gone(pid);
    });
  }

  it("is not at an endpoint, and has the log levels of Prism", async () => {
    using prism = new StandIn("prism", "done", "--job_port");
    await assert.rejects(runOn(prism, { jobEndpoint: "h:1" }), {
      code: "invalid-option",
      message: /--runner=portable/,
    });
    await assert.rejects(runOn(prism, { prismLogLevel: "loud" }), { code: "invalid-option", message: /debug, info/ });
  });

  describe("finds Prism", () => {
    let folder: string;
    let program: string;
    before(() => {
      folder = mkdtempSync(join(tmpdir(), "girder-find-prism-"));
      program = join(folder, "prism");
      writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
    });
    after(() => rmSync(folder, { recursive: true }));

    it("where the option says, where PRISM says, on the PATH, and where go install puts it", async () => {
      const nowhere = { PATH: "/nowhere", GOBIN: "/nowhere" };
      assert.equal(await findPrism(program, nowhere), program);
      assert.equal(await findPrism(undefined, { ...nowhere, PRISM: program }), program);
      assert.equal(await findPrism(undefined, { ...nowhere, PATH: folder }), program);
      assert.equal(await findPrism(undefined, { ...nowhere, GOBIN: folder }), program);
    });

    it("or says how to get it", async () => {
      const nowhere = { PATH: "/nowhere", GOBIN: "/nowhere", GOPATH: "/nowhere" };
      await assert.rejects(findPrism(undefined, nowhere), {
        code: "not-found",
        message: /go install .*cmd\/prism@v2\.77\.0/,
      });
      await assert.rejects(findPrism(join(folder, "other"), nowhere), {
        code: "not-found",
        message: /other.*--prism-location names it/,
      });
      await assert.rejects(findPrism(undefined, { ...nowhere, PRISM: "/no" }), {
        code: "not-found",
        message: /PRISM names it/,
      });
      await assert.rejects(findPrism("https://a/b.zip", nowhere), {
        code: "invalid-option",
        message: /not downloaded/,
      });
      chmodSync(program, 0o644);
      if (process.getuid?.() !== 0)
        await assert.rejects(findPrism(program, nowhere), { code: "io", message: /may not be executed/ });
    });
  });
});

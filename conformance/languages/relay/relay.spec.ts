import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findBeamPython, NO_BEAM_PYTHON } from "../../../runner/environment/testing/programs.js";
import { linesOf } from "../../clients/word-counts.js";
import { cacheFolder } from "../../driver/cache.js";
import { ProcessGroup } from "../../driver/process-group.js";
import { builtClassPath } from "../../java/class-path.js";
import { ROOT } from "../../root.js";
import { type LendingServer, startLending } from "../lending-server.js";
import { hasJava, NO_JAVA } from "../needs.js";
import { EACH, KEYS } from "./elements.js";

const HERE = join(ROOT, "conformance/languages/relay");
const PYTHON = findBeamPython();
const LACKS = [...(PYTHON === undefined ? [NO_BEAM_PYTHON] : []), ...(hasJava() ? [] : [NO_JAVA])];

/** Those that hand the elements on, in their order. */
const RUNNERS = ["python", "typescript", "java", "lent"] as const;
type Runner = (typeof RUNNERS)[number];

/** Of each key, how many there are and the sum of their numbers. */
const EXPECTED = KEYS.map((key) => `${key} ${EACH} ${(EACH * (EACH + 1)) / 2}`);

/** How many elements a worker has had when it is killed. */
const KILLED_AT = 30;

/** The processes that were given a folder in their environment. */
function processesOf(folder: string): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const isOne =
        /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`GIRDER_RELAY=${folder}`);
      return isOne && pid !== String(process.pid) ? [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8")}`] : [];
    } catch {
      // Gone meanwhile.
      return [];
    }
  });
}

describe(`a relay from Python to TypeScript to Java to TypeScript${LACKS.map((lack) => `: ${lack}`).join("")}`, function () {
  this.timeout(180_000);
  let classPath: string[];
  let folder: string;
  let server: LendingServer;

  before(async function () {
    if (LACKS.length > 0) return this.skip();
    this.timeout(700_000);
    classPath = await builtClassPath(join(HERE, "java"), cacheFolder("java-relay"));
  });
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "girder-relay-"));
    process.env["GIRDER_RELAY"] = folder;
    server = await startLending(join(HERE, "lent.ts"));
  });
  afterEach(async () => {
    delete process.env["GIRDER_RELAY"];
    if (folder === undefined) return;
    await server[Symbol.asyncDispose]();
    // Services that a program has started end by themselves soon after it.
    for (const end = Date.now() + 10_000; processesOf(folder).length > 0 && Date.now() < end; ) await wait(20);
    assert.deepEqual(processesOf(folder), []);
    rmSync(folder, { recursive: true });
  });

  /** The processes that a runner has been at its elements in, an entry for each. */
  function marks(runner: Runner): number[] {
    const file = join(folder, runner);
    return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number) : [];
  }

  /** Runs the relay; @returns what came of it. */
  async function run(killed?: Runner): Promise<string[]> {
    const args = [
      ...[join(ROOT, "sdk/cli/girder.js"), "run", join(HERE, "relay.ts"), "--runner=portable"],
      ...[`--job-endpoint=${server.jobs}`, `--expansion=${server.expansion}`, "--environment-type=PROCESS"],
      ...[`--python=${PYTHON}`, `--class-path=${classPath.join(delimiter)}`, `--output=${join(folder, "sums")}`],
    ];
    const program = ProcessGroup.start(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    program.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    if (killed !== undefined) {
      while (marks(killed).length < KILLED_AT && program.child.exitCode === null) await wait(2);
      process.kill(marks(killed).at(-1)!, "SIGKILL");
    }
    assert.equal(await program.exited, 0, `${said}\n${server.log()}`);
    return linesOf(folder, /^sums/);
  }

  it("ends right, with state in each", async () => {
    assert.deepEqual(await run(), EXPECTED);
    for (const runner of RUNNERS) assert.equal(marks(runner).length, KEYS.length * EACH, runner);
    const workers = RUNNERS.map((runner) => new Set(marks(runner)).size);
    assert.deepEqual(workers, [1, 1, 1, 1], "Each is one process.");
    assert.equal(new Set(RUNNERS.flatMap(marks)).size, RUNNERS.length, "No two are the same.");
  });

  for (const runner of RUNNERS) {
    it(`ends right when the worker of ${runner} is killed in the middle`, async () => {
      assert.deepEqual(await run(runner), EXPECTED);
      assert.equal(new Set(marks(runner)).size, 2, "One was killed, another took its place.");
      assert.ok(marks(runner).length > KEYS.length * EACH);
    });
  }
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runProgram } from "./run-program.js";

describe("a program that runs tests", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-run-program-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs a program that runs the tests a, b and c, and at b does as `atB` says. */
  function run(atB: string, results: 1 | 3 = 3) {
    const script = `
      const { writeSync } = require("node:fs");
      const say = (line) => writeSync(${results}, JSON.stringify(line) + "\\n");
      console.error("hello");
      for (const name of ["a", "b", "c"]) {
        if (process.argv.slice(1).includes(name)) continue;
        say({ begin: name });
        if (name === "b") { ${atB} }
        say({ name, outcome: "passed", seconds: 0 });
      }
      say({ end: true });`;
    return runProgram({
      program: (leaveOut) => ({
        results,
        command: process.execPath,
        args: ["-e", script, "--", ...leaveOut],
        cwd: folder,
        env: {},
      }),
      timeout: 1,
      log: join(folder, "log"),
      onResult: () => {},
    });
  }

  it("gives a result for each, and its other output to the log", async () => {
    for (const descriptor of [3, 1] as const) {
      const results = await run("", descriptor);
      assert.deepEqual(
        results.map(({ name, outcome }) => [name, outcome]),
        [
          ["a", "passed"],
          ["b", "passed"],
          ["c", "passed"],
        ],
      );
    }
    assert.match(readFileSync(join(folder, "log"), "utf8"), /^hello$/m);
  });

  it("is started again for the others where it dies of one", async () => {
    const results = await run("process.exit(3)");
    assert.deepEqual(
      results.map(({ name, outcome, reason }) => [name, outcome, reason]),
      [
        ["a", "passed", ""],
        ["b", "failed", "The program that ran the test ended with 3."],
        ["c", "passed", ""],
      ],
    );
  });

  it("that dies before its first test is an error", async () => {
    const program = () => ({ results: 1 as const, command: "false", args: [], cwd: folder, env: {} });
    const failing = runProgram({ program, timeout: 1, log: join(folder, "log"), onResult: () => {} });
    await assert.rejects(failing, { code: "io", message: /ended with 1 before it began a test/ });
  });
});

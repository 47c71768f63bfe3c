import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { asComment } from "./kept-code.js";

const RUNS_PROGRAMS = new URL("./kept-code.js", import.meta.url).href;

describe("the compiled code of a program for workers", () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "girder-kept-"));
    file = join(folder, "program.mjs");
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the code as the program of a file, whose first lines are two. */
  function run(code: string, cache = join(folder, "cache")) {
    const start = `import { runProgram } from ${JSON.stringify(RUNS_PROGRAMS)};
await runProgram(import.meta, ${JSON.stringify({ digest: "abc", line: 2 })});`;
    writeFileSync(file, `${start}\n${asComment(code)}`);
    const env = { ...process.env, XDG_CACHE_HOME: cache };
    const { stdout, stderr, status } = spawnSync(process.execPath, [file], { env, encoding: "utf8" });
    return { stdout, stderr, status };
  }

  const kept = () => readdirSync(join(folder, "cache/girder/programs"));

  it("is of a program that has all that modules have", () => {
    const { stdout, stderr } = run(`
      const { basename } = await Promise.resolve(require("node:path"));
      const text = "a*/b".replace(/a*\\//, "/**/");
      console.log(text, girderMeta.url, basename(__filename), require("node:path").sep, (function () { return this; })());`);
    assert.equal(stderr, "");
    assert.equal(stdout, `a*/**/b ${pathToFileURL(file).href} program.mjs / undefined\n`);
  });

  it("is of a program that may import what has a name only when it runs", () => {
    assert.equal(run(`console.log((await import("node:" + "path")).sep);`).stdout, "/\n");
  });

  it("is kept when the process ends, and used from then on", () => {
    assert.equal(run("console.log(1);").stdout, "1\n");
    const [name] = kept();
    assert.match(name!, /^abc-/);
    const path = join(folder, "cache/girder/programs", name!);
    utimesSync(path, 1000, 1000);
    assert.equal(run("console.log(1);").stdout, "1\n");
    assert.equal(statSync(path).mtimeMs, 1_000_000, "it was compiled again");
    assert.equal(statSync(path).mode & 0o077, 0);
  });

  it("is replaced where V8 does not take it", () => {
    run("console.log(1);");
    const path = join(folder, "cache/girder/programs", kept()[0]!);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 100));
    assert.equal(run("console.log(1);").stdout, "1\n");
    assert.equal(readFileSync(path).length, whole.length);
    assert.deepEqual(kept().length, 1);
  });

  it("gives way to that of others when there are many", () => {
    const programs = join(folder, "cache/girder/programs");
    mkdirSync(programs, { recursive: true });
    for (let i = 0; i < 40; i++) {
      writeFileSync(join(programs, `old-${i}`), "");
      utimesSync(join(programs, `old-${i}`), i, i);
    }
    run("console.log(1);");
    assert.equal(kept().length, 32);
    assert.ok(kept().some((name) => name.startsWith("abc-")));
    assert.ok(!kept().includes("old-0") && kept().includes("old-39"));
  });

  it("need not be kept: a program runs where nothing can be written", () => {
    const nowhere = join(folder, "nowhere");
    writeFileSync(nowhere, "");
    const { stdout, stderr, status } = run("console.log(1);", nowhere);
    assert.deepEqual({ stdout, stderr, status }, { stdout: "1\n", stderr: "", status: 0 });
  });

  it("says in errors where in its file the program is, and ends the process with them", () => {
    const { stderr, status } = run('const one = 1;\n  throw new Error("no");');
    assert.equal(status, 1);
    assert.match(stderr, /Error: no\n +at .*program\.mjs:4:9/);
    assert.match(run('throw new Error("no");').stderr, /program\.mjs:3:7/);
  });
});

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { SERVER_LABEL } from "../../../runner/environment/docker/docker-launcher.js";
import { hasEngine, importFolder, importNode, removeImages } from "../../../runner/environment/testing/node-image.js";
import { type ExecutingServer, startExecutingServer } from "../../../runner/job/testing-server.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = join(ROOT, "sdk/cli/girder.js");

/** State, a side input, a package that does not travel, and what only a container has. */
const PROGRAM = `
import { existsSync } from "node:fs";
import { asList, create, pipelineOptions, run, stringSet, valueState } from "girder";
import packed from "@own/pack";

const result = await run((root) => {
  const side = root.apply(create([1, 2, 3]));
  root
    .apply(create(["ada", "bob", "ada"].map((key) => ({ key, value: packed }))))
    .parDo("Count", {
      *process({ key, value }, { visits, all }) {
        const n = (visits.read() ?? 0) + 1;
        visits.write(n);
        yield [key, value, n, all.length, existsSync("/opt/girder/node_modules/girder")].join(" ");
      },
    }, { visits: valueState("visits"), all: asList(side) })
    .map("Report", (line, { lines }) => { lines.add(line); }, { lines: stringSet("lines") });
}, pipelineOptions({}));
const lines = [...result.metrics.entries()].find(({ key }) => key.name === "lines").cell.result();
console.log([...lines].sort().join("\\n"));
`;

const EXPECTED = ["ada packed 1 3 true", "ada packed 2 3 true", "bob packed 1 3 true"];

describe("girder container build", function () {
  this.timeout(180_000);
  let folder: string;
  let program: string;
  const running = new Set<ChildProcess>();

  before(async function () {
    if (process.platform !== "linux") {
      console.log("      skipped: what these specs start runs on Linux only");
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), "girder-container-spec-"));
    await mkdir(join(folder, "temporary"));
    await mkdir(join(folder, "node_modules/@own/pack"), { recursive: true });
    await symlink(ROOT, join(folder, "node_modules/girder"));
    const pack = join(folder, "node_modules/@own/pack");
    await writeFile(join(pack, "package.json"), '{ "name": "@own/pack", "main": "index.js" }');
    await writeFile(
      join(pack, "index.js"),
      'module.exports = require("fs").readFileSync(__dirname + "/data", "utf8");',
    );
    await writeFile(join(pack, "data"), "packed");
    const dependencies = { girder: "*", "@own/pack": "*" };
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies }));
    program = join(folder, "program.js");
    await writeFile(program, PROGRAM);
  });

  after(async () => {
    for (const child of running) child.kill("SIGKILL");
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  async function node(args: readonly string[], more: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, TMPDIR: join(folder, "temporary"), ...more };
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("close", () => running.delete(child));
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  }

  const build = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    node([MAIN, "container", "build", ...args], env);

  /** Nothing is left of what was written to build an image. */
  async function nothingLeft(): Promise<void> {
    assert.deepEqual(
      (await readdir(join(folder, "temporary"))).filter((name) => name.startsWith("girder")),
      [],
    );
  }

  /** A folder with a program that is called `docker`. */
  async function fakeDocker(name: string, script: string): Promise<string> {
    const path = join(folder, name, "docker");
    await mkdir(dirname(path));
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    return dirname(path);
  }

  it("only writes what an image is built of, where it is told to", async () => {
    const { code, stdout, stderr } = await build(["--output=out", "--base=some/node:20", "program.js"], { PATH: "" });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^girder: Dockerfile, with girder and \d+ packages, in .*\/out\n$/);
    assert.deepEqual((await readdir(join(folder, "out"))).sort(), [".dockerignore", "Dockerfile", "node_modules"]);
  });

  it("says what is wrong with what it is given", async () => {
    const missing = await build(["no-such-program.ts"]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /\[not-found\] There is no file .*no-such-program\.ts/);
    const odd = await build(["--base=--privileged"]);
    assert.equal(odd.code, 2);
    assert.match(odd.stderr, /"--privileged" is not the name of an image\.\n +where +--base/);
  });

  it("says that there is no client, no engine, no such base, or why the engine fails", async () => {
    const none = await build([], { PATH: "/no/such/folder" });
    assert.equal(none.code, 1);
    assert.match(none.stderr, /\[not-found\] There is no such program on the PATH[\s\S]*docker[\s\S]*--output=FOLDER/);
    const cases: readonly (readonly [script: string, said: RegExp])[] = [
      [
        'echo "Cannot connect to the Docker daemon at unix:///x" >&2; exit 1',
        /\[io\] The Docker engine does not answer/,
      ],
      [
        '[ "$1" = pull ] && echo "manifest for node:x not found: manifest unknown" >&2 || echo "No such image" >&2; exit 1',
        /\[not-found\] There is no such image, neither here nor in its registry[\s\S]*where +node:x[\s\S]*--base=IMAGE/,
      ],
      [
        '[ "$1" = pull ] && echo "dial tcp: lookup registry-1.docker.io: no such host" >&2 || echo "No such image" >&2; exit 1',
        /\[io\] The registry of the image cannot be reached[\s\S]*--base=IMAGE/,
      ],
      [
        '[ "$1" != build ] || { echo "step 3: no space" >&2; exit 1; }',
        /\[io\] The engine has not built the image: step 3: no space\n +where +mine:1/,
      ],
      [
        '[ "$1" = run ] && echo v18.20.1 || true',
        /\[unsupported\] The base image has Node v18\.20\.1\.[\s\S]*node:20-slim/,
      ],
      [
        '[ "$1" != run ] || { echo "exec: node: not found" >&2; exit 127; }',
        /\[unsupported\] The base image has no Node/,
      ],
    ];
    for (const [i, [script, said]] of cases.entries()) {
      const path = `${await fakeDocker(`docker-${i}`, script)}:${process.env["PATH"]}`;
      const { code, stderr } = await build(["--base=node:x", "--tag=mine:1"], { PATH: path });
      assert.equal(code, 1);
      assert.match(stderr, said);
    }
    await nothingLeft();
  });

  describe("with an engine", () => {
    const base = `girder-spec-${randomUUID()}:base`;
    const image = base.replace(/base$/, "worker");
    let server: ExecutingServer;

    const engine = (...args: string[]): string => execFileSync("docker", args, { encoding: "utf8" }).trim();

    before(async () => {
      if (!hasEngine()) {
        console.log("      skipped: no Docker engine answers");
        return;
      }
      importNode(join(folder, "base"), base);
      server = await startExecutingServer();
    });

    beforeEach(function () {
      if (server === undefined) this.skip();
    });

    after(async () => {
      if (server === undefined) return;
      await server.close();
      removeImages(image, base);
    });

    it("builds an image in which a program's functions run, with state, a side input and its packages", async () => {
      const built = await build([`--base=${base}`, `--tag=${image}`, "program.js"]);
      assert.equal(built.code, 0, built.stderr);
      assert.equal(built.stdout, `girder: image ${image}\n`);
      await nothingLeft();
      const { code, stdout, stderr } = await node([
        program,
        ...["--runner=portable", `--job-endpoint=${server.address}`, "--worker-external=@own/pack"],
        ...["--environment-type=DOCKER", `--environment-config=${image}`],
      ]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.trim().split("\n"), EXPECTED);
      assert.equal(engine("ps", "--all", "--quiet", `--filter=label=${SERVER_LABEL}=${process.pid}`), "");
      await nothingLeft();
    });

    it("does not take a base without Node", async () => {
      const context = join(folder, "empty");
      await mkdir(context);
      await writeFile(join(context, "marker"), "");
      const empty = base.replace(/base$/, "empty");
      importFolder(context, empty);
      try {
        const { code, stderr } = await build([`--base=${empty}`, `--tag=${empty}-worker`]);
        assert.equal(code, 1);
        assert.match(stderr, /\[unsupported\] The base image has no Node that starts: [\s\S]*--base=node:20-slim/);
        assert.notEqual(spawnSync("docker", ["image", "inspect", `${empty}-worker`]).status, 0);
      } finally {
        removeImages(empty);
      }
    });
  });
});

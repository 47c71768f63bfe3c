import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import ts from "typescript";
import { GirderError } from "../../../portability/errors.js";
import { createServer, listen, serve, shutdown } from "../../../portability/fn-api/grpc.js";
import { BeamFnControl } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { ProvisionService } from "../../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { type ExecutingServer, startExecutingServer } from "../../../runner/job/testing-server.js";
import { Pipeline } from "../../pipeline/pipeline.js";
import { create } from "../../transforms/create.js";
import { programState } from "../ambient.js";
import { runPortable } from "./portable.js";
import { bundleProgram } from "./program-bundle.js";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MAIN = join(ROOT, "sdk/cli/girder.js");

/** A program that leans on everything that has to be the same in a worker, and says what came out. */
const PROGRAM = `
import { asList, capture, counter, create, groupByKey, pipelineOptions, run, withKeys } from "girder";
import { suffix } from "./suffix.js";

const options = pipelineOptions({ word: { type: "string", default: "none", description: "A word." } });
const started = capture(() => ({ at: Date.now(), pid: process.pid, tags: new Map([["a", 1n]]) }));

class Tag {
  #count = 0;
  constructor(private_) { this.private_ = private_; }
  async process(word) { this.#count++; await null; return [word + this.private_ + (this.#count > 0 ? "!" : "")]; }
}
const bound = function (word) { return word + this.end; }.bind({ end: "." });

// Another pipeline of the program, which workers pass over.
if (options.word === "first") await run((root) => { root.apply(create([1])).map((n) => n); });

const result = await run((root) => {
  const side = root.apply(create([1, 2, 3]));
  const words = root
    .apply(create(["a", "b", "b"]))
    .map((word) => word + options.word).map((word) => word + suffix(process.pid === started.pid, started.tags.get("a")))
    .parDo(new Tag("-"))
    .map(bound)
    .map((word, { n, all }) => { n.inc(); return word + all.length; }, { n: counter("n"), all: asList(side) });
  words.apply(withKeys((word) => word)).apply(groupByKey()).map(
    "Report", ({ key, value }, { groups }) => { groups.add(key + "=" + [...value].length); }, { groups: (await0) });
}, options);
const groups = [...result.metrics.entries()].find(({ key }) => key.name === "groups").cell.result();
console.log("RESULT " + JSON.stringify([result.state, Number(result.counter("n")), [...groups].sort(), started.pid === process.pid]));
`
  .replace("(await0)", 'stringSet("groups")')
  .replace("counter, create", "counter, stringSet, create");

/** The same, in TypeScript. */
const TYPED = `${PROGRAM.replace("constructor(private_)", "private_: string;\n  constructor(private_: string)")
  .replace("function (word)", "function (this: { end: string }, word: string)")
  .replaceAll("(word) =>", "(word: string): string =>")}
export type Unused = { readonly a: string };
`;

const SUFFIX = `export const suffix = (here, tag) => (here ? "@here" : "@worker") + String(tag);`;

const EXPECTED = (word: string) =>
  `RESULT ${JSON.stringify(["DONE", 3, [`a${word}@worker1-!.3=1`, `b${word}@worker1-!.3=2`], true])}`;

describe("functions that travel", function () {
  this.timeout(60_000);
  let server: ExecutingServer;
  let folder: string;
  const running = new Set<ChildProcess>();

  before(async () => {
    server = await startExecutingServer();
    folder = await mkdtemp(join(tmpdir(), "girder-shipping-spec-"));
    await mkdir(join(folder, "node_modules"));
    await mkdir(join(folder, "temporary"));
    await symlink(ROOT, join(folder, "node_modules/girder"));
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "suffix.js"), SUFFIX);
  });

  after(async () => {
    for (const child of running) child.kill("SIGKILL");
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function program(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  /** A program that starts a worker in a folder. */
  async function script(name: string, cwd: string): Promise<string> {
    const path = await program(
      name,
      `#!/bin/sh\ncd '${cwd}' && exec '${join(ROOT, "sdk/cli/girder-worker.js")}' "$@"\n`,
    );
    await chmod(path, 0o755);
    return path;
  }

  /** Runs a command in the folder; temporary files go to one of its own, where they can be counted. */
  async function node(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = started(args);
    let stdout = "";
    let stderr = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  }

  function started(args: readonly string[]): ChildProcess {
    const env = { ...process.env, TMPDIR: join(folder, "temporary") };
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("close", () => running.delete(child));
    return child;
  }

  const submitting = (type: string, ...more: string[]) => [
    "--runner=portable",
    `--job-endpoint=${server.address}`,
    `--environment-type=${type}`,
    ...more,
  ];

  /** Nothing is left of workers and their programs. */
  async function nothingLeft(): Promise<void> {
    // The loader of TypeScript keeps a cache there.
    const left = (await readdir(join(folder, "temporary"))).filter((name) => name.startsWith("girder"));
    assert.deepEqual(left, []);
    assert.deepEqual(await processesWith(folder), []);
  }

  describe("in processes that the runner starts", () => {
    it("are found in a program as the compiler writes it", async () => {
      const { module, target } = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
      const { outputText } = ts.transpileModule(TYPED, { compilerOptions: { module, target } });
      assert.doesNotMatch(outputText, /word: string/);
      const path = await program("program.js", outputText);
      const { code, stdout, stderr } = await node(path, ...submitting("PROCESS", "--word=first"));
      assert.equal(stderr, "");
      assert.deepEqual([code, stdout.trim()], [0, EXPECTED("first")]);
      await nothingLeft();
    });

    it("are found in TypeScript that girder runs", async () => {
      const path = await program("typed.ts", TYPED);
      const { code, stdout, stderr } = await node(MAIN, "run", path, ...submitting("PROCESS", "--word=w"));
      assert.deepEqual([code, stdout.trim()], [0, EXPECTED("w")], stderr);
    });

    it("are found in TypeScript that tsx runs", async () => {
      const path = await program("by-tsx.ts", TYPED);
      const tsx = import.meta.resolve("tsx");
      const { code, stdout, stderr } = await node("--import", tsx, path, ...submitting("PROCESS", "--word=x"));
      assert.deepEqual([code, stdout.trim()], [0, EXPECTED("x")], stderr);
    });

    it("are found in TypeScript that Node itself strips of its types", async function () {
      if (!("typescript" in process.features) || process.features.typescript === false) {
        console.log(`        skipped: Node ${process.versions.node} does not run TypeScript`);
        this.skip();
      }
      const path = await program("stripped.ts", TYPED);
      const { code, stdout, stderr } = await node(path, ...submitting("PROCESS", "--word=s"));
      assert.deepEqual([code, stdout.trim()], [0, EXPECTED("s")], stderr);
    });

    it("are found in a program that is one minified file already", async () => {
      const path = await program("to-minify.js", PROGRAM);
      const outfile = join(folder, "minified.mjs");
      const banner = {
        js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
      };
      const external = ["esbuild", "tsx"];
      const how = { bundle: true, minify: true, platform: "node", format: "esm", banner, external } as const;
      await build({ entryPoints: [path], outfile, ...how });
      const { code, stdout, stderr } = await node(outfile, ...submitting("PROCESS", "--word=m"));
      assert.deepEqual([code, stdout.trim()], [0, EXPECTED("m")], stderr);
      await nothingLeft();
    });

    it("find packages that were left out of the program's file where workers are", async () => {
      // As packages with native code do, it has a file that is found by where the package is.
      const own = join(folder, "node_modules/@own/pack");
      await mkdir(own, { recursive: true });
      await writeFile(join(own, "package.json"), '{ "name": "@own/pack", "main": "index.js" }');
      await writeFile(
        join(own, "index.js"),
        'module.exports = require("fs").readFileSync(__dirname + "/data", "utf8");',
      );
      await writeFile(join(own, "data"), "packed");
      const path = await program(
        "external.js",
        `import { create, pipelineOptions, run } from "girder";
        import packed from "@own/pack";
        await run((root) => { root.apply(create([1])).map("Fail", () => { throw new RangeError(packed); }); }, pipelineOptions({}));`,
      );
      const left = "--worker-external=@own/pack";
      const command = `--environment-config=${JSON.stringify({ command: join(ROOT, "sdk/cli/girder-worker.js") })}`;
      const inFolder = `--environment-config=${JSON.stringify({ command: await script("in-folder", folder) })}`;
      for (const environment of [[], [inFolder]]) {
        const { stderr } = await node(path, ...submitting("PROCESS", left, ...environment));
        assert.match(stderr, /RangeError: packed/);
        await nothingLeft();
      }
      const { code, stderr } = await node(path, ...submitting("PROCESS", left, command));
      assert.notEqual(code, 0);
      assert.match(stderr, /needs packages that this worker does not have: @own\/pack\./);
      assert.match(stderr, /girder container build/);
      await nothingLeft();
    });

    it("are not taken for others where a worker builds another pipeline: the error names the transform, soon", async () => {
      const path = await program(
        "elsewhere.js",
        `import { create, pipelineOptions, run } from "girder";
        const there = process.env.GIRDER_SPEC_THERE;
        await run((root) => {
          const one = root.apply(create([1]));
          (there === "renamed" ? one.map("There", (n) => n) : one.map("Here", there === "changed" ? (n) => n + 1 : (n) => n));
        }, pipelineOptions({}));`,
      );
      const cases: readonly (readonly [there: string, said: RegExp])[] = [
        ["renamed", /\[invalid-pipeline\] This program has no such transform\.\n +where +Here\n[\s\S]*remedy +Submit/],
        [
          "changed",
          /\[invalid-pipeline\] The function differs from the one[^\n]*\n +where +Here\n[\s\S]*remedy +Submit/,
        ],
      ];
      for (const [there, said] of cases) {
        const config = JSON.stringify({ env: { GIRDER_SPEC_THERE: there } });
        const { code, stderr } = await node(
          MAIN,
          "run",
          path,
          ...submitting("PROCESS", `--environment-config=${config}`),
        );
        assert.equal(code, 1);
        assert.match(stderr, said);
        await nothingLeft();
      }
    });

    it("are served by no worker that does not reach its runner: it says so and ends", async () => {
      const path = await program(
        "lost.js",
        'import { create, run } from "girder"; await run((root) => root.apply(create([1])));',
      );
      await using bundle = await bundleProgram({ program: path, spec: { pipeline: 0, argv: [], captures: [] } });
      const worker = join(ROOT, "sdk/cli/girder-worker.js");
      for (const command of [[bundle.path], [worker], [worker, `--program=${path}`]]) {
        const { code, stderr } = await node(...command, "--id=a", "--provision_endpoint=127.0.0.1:1");
        assert.equal(code, 1, command.join(" "));
        assert.match(stderr, /\[io\].*127\.0\.0\.1:1/);
      }
      const { code, stderr } = await node(bundle.path, "--id=a", "--control_endpoint=127.0.0.1:1");
      assert.equal(code, 1);
      assert.match(stderr, /\[io\] The worker cannot reach its runner.*127\.0\.0\.1:1/);
      const { code: usage, stderr: said } = await node(bundle.path, "--id=a");
      assert.equal(usage, 1);
      assert.match(said, /--provision_endpoint is missing/);
    });

    it("cannot be taken there with a value that cannot travel: the author is told which, and what to do", async () => {
      const path = await program(
        "captures.js",
        `import { capture, create, pipelineOptions, run } from "girder";
        await run((root) => {
          const words = root.apply(create(["a"]));
          const socket = capture(() => ({ send() {} }));
          words.map("Send", (word) => socket.send(word));
        }, pipelineOptions({}));`,
      );
      const { code, stderr } = await node(MAIN, "run", path, ...submitting("PROCESS"));
      assert.equal(code, 1);
      assert.match(stderr, /\[cannot-encode\] Captured value 1 cannot be taken to a worker/);
      assert.match(stderr, /applied at .*captures\.js:4:26\n +remedy +Capture what it is made of/);
      await nothingLeft();
    });

    it("may throw: the author is told what and where, and nothing is left", async () => {
      const path = await program(
        "throws.js",
        `import { create, run, pipelineOptions } from "girder";
        function fail(n) {
          throw new RangeError("too much " + n);
        }
        await run((root) => { root.apply(create([7])).map("Fail", (n) => fail(n)); }, pipelineOptions({}));`,
      );
      const { code, stderr } = await node(MAIN, "run", path, ...submitting("PROCESS"));
      assert.notEqual(code, 0);
      assert.match(stderr, /^RangeError: too much 7\n +at fail \(\S*throws\.js:3:17\)\n/m);
      assert.match(stderr, /\[user-exception\] RangeError: too much 7\n +where +Fail\n +applied at .*throws\.js:5/);
      assert.match(stderr, /Element: 7\./);
      await nothingLeft();
    });
  });

  describe("in as many workers as the runner wants beside the one that it starts", () => {
    /** A worker that has started so many others: of the program's file, or by the command. */
    async function family(size: number, by: "file" | "command" = "file") {
      const ids = Array.from({ length: size }, (_, i) => `sibling-${i}`);
      const path = await program(
        "siblings.js",
        'import { create, run } from "girder"; await run((root) => root.apply(create([1])));',
      );
      const bundle = await bundleProgram({ program: path, spec: { pipeline: 0, argv: [], captures: [] } });
      const own = createServer();
      const connected = new Set<string>();
      let release!: () => void;
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      let complete!: () => void;
      const all = new Promise<void>((resolve) => {
        complete = resolve;
      });
      let address = "";
      serve(own, ProvisionService, {
        getProvisionInfo: () => ({ info: { controlEndpoint: { url: address }, siblingWorkerIds: ids } }),
      });
      serve(own, BeamFnControl, {
        // biome-ignore lint/correctness/useYield: nobody is asked for anything.
        async *control(_, { metadata, signal }) {
          connected.add(String(metadata.get("worker_id")[0]));
          if (connected.size === ids.length + 1) complete();
          await Promise.race([released, once(signal, "abort")]);
        },
      });
      address = `127.0.0.1:${await listen(own, "127.0.0.1:0")}`;
      const command = by === "file" ? [bundle.path] : [join(ROOT, "sdk/cli/girder-worker.js"), `--program=${path}`];
      const child = started([...command, "--id=first", `--provision_endpoint=${address}`]);
      const ended = once(child, "close") as Promise<[number | null, string | null]>;
      await Promise.race([all, ended]);
      assert.deepEqual([...connected].sort(), [...ids, "first"].sort());
      return {
        child,
        release,
        ended,
        running: () => processesWith(by === "file" ? bundle.path : path, ""),
        async [Symbol.asyncDispose]() {
          release();
          await shutdown(own, 1_000);
          await bundle[Symbol.asyncDispose]();
        },
      };
    }

    it("are there, one process each, and end when the runner ends them", async () => {
      await using workers = await family(20);
      assert.equal((await workers.running()).length, 21);
      workers.release();
      assert.deepEqual(await workers.ended, [0, null]);
      assert.deepEqual(await workers.running(), []);
    });

    it("are there, too, where a command has started the first", async () => {
      await using workers = await family(2, "command");
      assert.equal((await workers.running()).length, 3);
      workers.release();
      assert.deepEqual(await workers.ended, [0, null]);
      assert.deepEqual(await workers.running(), []);
    });

    it("end with the first", async () => {
      await using workers = await family(2);
      workers.child.kill("SIGTERM");
      assert.deepEqual(await workers.ended, [143, null]);
      assert.deepEqual(await workers.running(), []);
    });

    it("end with one that fails", async () => {
      await using workers = await family(2);
      const [pid] = await processIdsWith("--id=sibling-1");
      process.kill(pid!, "SIGKILL");
      assert.deepEqual(await workers.ended, [1, null]);
      assert.deepEqual(await workers.running(), []);
    });
  });

  describe("in workers of a pool", () => {
    /** A pool as users start it. */
    async function pool(...args: string[]) {
      const child = started([MAIN, "worker-pool", "--port", "0", ...args]);
      child.stderr!.resume();
      const lines = createInterface({ input: child.stdout! });
      const [line] = (await once(lines, "line")) as [string];
      const [, address = ""] = /^girder: worker pool on (\S+)$/.exec(line) ?? [];
      assert.notEqual(address, "", line);
      return { child, address };
    }

    it("are found in the program that was submitted, or in that of the pool", async () => {
      const path = await program("pooled.js", PROGRAM);
      for (const args of [[], [path]]) {
        const { child, address } = await pool(...args);
        const { code, stdout, stderr } = await node(path, ...submitting("EXTERNAL", `--environment-config=${address}`));
        assert.deepEqual([code, stdout.trim()], [0, EXPECTED("none")], stderr);
        child.kill("SIGTERM");
        const [exit] = (await once(child, "exit")) as [number | null];
        assert.equal(exit, 0);
        await nothingLeft();
      }
    });

    it("differ where the pool has another program: the error names the transform", async () => {
      const one = await program("one.js", PROGRAM);
      const other = await program("other.js", PROGRAM.replace("word + suffix(", '"other" + word + suffix('));
      const { child, address } = await pool(other);
      const { code, stderr } = await node(
        MAIN,
        "run",
        one,
        ...submitting("EXTERNAL", `--environment-config=${address}`),
      );
      assert.notEqual(code, 0);
      assert.match(
        stderr,
        /\[invalid-pipeline\] The function differs from the one that was submitted\.\n +where +Map_2\n/,
      );
      child.kill("SIGTERM");
      await once(child, "exit");
    });
  });

  describe("are refused before anything is submitted", () => {
    /** The error for a program that this process could have been, whose pipeline is `pipeline`. */
    async function refusal(name: string, body: string, pipeline: Pipeline): Promise<string> {
      const text = `import { create, run } from "girder"; const again = process.env.GIRDER_DESCRIBE_PROGRAM !== undefined; ${body}`;
      const environment = { type: "PROCESS" } as const;
      const options = { jobEndpoint: server.address, environment, program: await program(name, text) };
      let message = "";
      await assert.rejects(runPortable(pipeline, options), (thrown: unknown) => {
        assert.ok(thrown instanceof GirderError);
        message = thrown.message;
        return true;
      });
      return message;
    }

    function one(name: string): Pipeline {
      const pipeline = new Pipeline();
      pipeline.apply(create([1])).map(name, (n) => n);
      // As run does.
      programState().pipelines = 1;
      return pipeline;
    }

    it("where the program builds another pipeline", async () => {
      const body = 'await run((root) => { root.apply(create([1])).map("Other", (n) => n); });';
      const message = await refusal("another.js", body, one("Name"));
      assert.match(message, /\[invalid-pipeline\].*another pipeline.*Name is not there in the worker.*capture/);
    });

    it("where the program does not come to its pipeline again, or fails before", async () => {
      const never = await refusal("never.js", "if (!again) await run(() => {});", one("Name"));
      assert.match(never, /\[invalid-pipeline\].*does not run the pipeline/);
      const fails = await refusal("fails.js", "throw new Error('not twice');", one("Name"));
      assert.match(fails, /ended with exit code 1[\s\S]*not twice/);
    });

    it("where the program has native code that workers do not have", async () => {
      const native = join(folder, "node_modules/native");
      await mkdir(native);
      await writeFile(join(native, "package.json"), '{ "name": "native", "main": "index.js" }');
      await writeFile(join(native, "index.js"), 'module.exports = () => require("./native.node");');
      await writeFile(join(native, "native.node"), "");
      const body =
        'import native from "native"; await run((root) => { root.apply(create([1])).map("Name", native); });';
      const message = await refusal("native.js", body, one("Name"));
      assert.match(message, /\[unsupported\].*cannot be made into one file.*\.node/);
      assert.match(message, /--worker-external=PACKAGE.*worker-pool/);
      const spec = { pipeline: 0, argv: [], captures: [], external: ["native"] };
      await using bundle = await bundleProgram({ program: join(folder, "native.js"), spec });
      assert.match(await readFile(bundle.path, "utf8"), /from ?"native"/);
    });

    it("where packages are to be left out that are not installed", async () => {
      const spec = { pipeline: 0, argv: [], captures: [], external: ["no-such-package/part"] };
      await assert.rejects(bundleProgram({ program: await program("without.js", ""), spec }), {
        code: "not-found",
        message: /not installed: no-such-package\. \(at --worker-external\)/,
      });
    });
  });
});

/** Command lines of processes that mention a folder for temporary files. */
async function processesWith(folder: string, below = "temporary"): Promise<string[]> {
  const text = join(folder, below);
  return (await commandLines()).map(([, line]) => line).filter((line) => line.includes(text));
}

async function processIdsWith(argument: string): Promise<number[]> {
  return (await commandLines()).filter(([, line]) => line.split(" ").includes(argument)).map(([pid]) => pid);
}

async function commandLines(): Promise<(readonly [pid: number, line: string])[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      return [Number(pid), line.replaceAll("\0", " ")] as const;
    }),
  );
}

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { hasEngine, importNode, removeImages } from "../../runner/environment/testing/node-image.js";
import { until } from "../../runner/environment/testing/processes.js";
import type { Endpoint } from "../endpoint/endpoint.js";
import { findPrism } from "../endpoint/prism.js";
import { startEndpoint } from "../endpoint/start-endpoint.js";
import { ROOT } from "../root.js";

const GIRDER = join(ROOT, "sdk/cli/girder.js");
const WORKER = join(ROOT, "sdk/cli/girder-worker.js");

/** State and a side input; says what came out, and whether it came out elsewhere. */
const PROGRAM = `
import { asList, create, pipelineOptions, run, stringSet, valueState } from "girder";
const options = pipelineOptions({ slow: { type: "boolean", description: "Whether to take for ever." } });
const result = await run((root) => {
  const side = root.apply(create([1, 2, 3]));
  root
    .apply(create(["ada", "bob", "ada"].map((key) => ({ key, value: "v" }))))
    .parDo("Count", {
      *process({ key }, { visits, all }) {
        const n = (visits.read() ?? 0) + 1;
        visits.write(n);
        yield key + " " + n + " " + all.length + " " + process.pid;
      },
    }, { visits: valueState("visits"), all: asList(side) })
    .map("Wait", async (line) => {
      if (options.slow) { console.error("WAITING"); await new Promise((resolve) => setTimeout(resolve, 60_000)); }
      return line;
    })
    .map("Report", (line, { lines }) => { lines.add(line); }, { lines: stringSet("lines") });
}, options);
const lines = [...result.metrics.entries()].find(({ key }) => key.name === "lines").cell.result();
for (const line of [...lines].sort()) {
  const [, text, pid] = /^(.*) (\\d+)$/.exec(line);
  console.log(text + (Number(pid) === process.pid ? " here" : " elsewhere"));
}
`;

const EXPECTED = "ada 1 3 elsewhere\nada 2 3 elsewhere\nbob 1 3 elsewhere\n";

/** Workers in processes, pools and containers, at job services as they are started by people. */
describe("workers of TypeScript pipelines", function () {
  this.timeout(120_000);
  let folder: string;
  let program: string;
  const images = ["base", "worker"].map((tag) => `girder-spec-${randomUUID()}:${tag}`);
  let isBuilt = false;
  const running = new Set<ChildProcess>();

  before(async function () {
    if (process.platform !== "linux") {
      console.log("      skipped: processes are counted on Linux only");
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), "girder-workers-spec-"));
    await mkdir(join(folder, "node_modules"));
    await symlink(ROOT, join(folder, "node_modules/girder"));
    await writeFile(join(folder, "package.json"), '{ "type": "module", "dependencies": { "girder": "*" } }');
    program = join(folder, "program.js");
    await writeFile(program, PROGRAM);
  });

  after(async () => {
    for (const child of running) child.kill("SIGKILL");
    if (isBuilt) removeImages(...images);
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  /** A program that has the folder for its temporary files. */
  function started(...args: string[]): ChildProcess {
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("close", () => running.delete(child));
    return child;
  }

  async function ended(child: ChildProcess) {
    let [stdout, stderr] = ["", ""];
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout, stderr };
  }

  async function node(...args: string[]) {
    return await ended(started(...args));
  }

  /** A command that says where it listens. */
  async function announced(...args: string[]) {
    const child = started(...args);
    child.stderr!.resume();
    const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
    return { child, address: line.split(" ").at(-1)! };
  }

  /** An image of workers, which is built once. */
  async function workerImage(): Promise<string> {
    const [base, image] = images as [string, string];
    if (!isBuilt) {
      importNode(join(folder, "base"), base);
      const { code, stderr } = await node(GIRDER, "container", "build", `--base=${base}`, `--tag=${image}`);
      assert.equal(code, 0, stderr);
      isBuilt = true;
    }
    return image;
  }

  const startPool = () => announced(GIRDER, "worker-pool", "--port=0");

  let endpoint: Endpoint | undefined;

  const submitting = (address: string, type: string, ...more: string[]): string[] => [
    program,
    ...["--runner=portable", `--job-endpoint=${address}`, `--environment-type=${type}`],
    ...more,
  ];

  for (const subject of ["girder", "prism"] as const) {
    describe(`at ${subject === "girder" ? "girder serve" : "Prism"}`, () => {
      before(async function () {
        if (subject === "prism" && (await findPrism()) === undefined) {
          console.log("      skipped: there is no Prism");
          this.skip();
        }
        endpoint = await startEndpoint(subject, join(folder, `${subject}.log`));
      });

      after(async () => {
        await endpoint?.stop();
        endpoint = undefined;
      });

      async function runs(type: string, ...more: string[]): Promise<void> {
        const { code, stdout, stderr } = await node(...submitting(endpoint!.address, type, ...more));
        assert.deepEqual([code, stdout], [0, EXPECTED], stderr);
      }

      it("are processes that the runner starts, of the program's own file or of one that fetches it", async () => {
        await runs("PROCESS");
        await runs("PROCESS", `--environment-config=${JSON.stringify({ command: WORKER })}`);
      });

      it("are processes of a pool, which ends them with their jobs", async () => {
        const { child, address } = await startPool();
        await runs("EXTERNAL", `--environment-config=${address}`);
        await until("the pool has no worker", async () => (await childrenOf(child.pid!)).length === 0);
        child.kill("SIGTERM");
        assert.deepEqual(await once(child, "exit"), [0, null]);
      });

      it("are containers", async function () {
        if (!hasEngine()) {
          console.log("      skipped: no Docker engine answers");
          this.skip();
        }
        await runs("DOCKER", `--environment-config=${await workerImage()}`);
      });
    });
  }

  it("end with their runner when it is killed, in a pool, too, and the program that has submitted the job says so", async () => {
    const { child: server, address: jobEndpoint } = await announced(GIRDER, "serve", "--job-port=0");
    const { child: pool, address } = await startPool();
    const job = started(...submitting(jobEndpoint, "EXTERNAL", `--environment-config=${address}`, "--slow"));
    const over = ended(job);
    await until("a worker is at work", async () => (await childrenOf(pool.pid!)).length > 0, 30_000);
    const begin = performance.now();
    server.kill("SIGKILL");
    const { code, stderr } = await over;
    assert.notEqual(code, 0);
    assert.match(stderr, /\[io\]/);
    assert.ok(performance.now() - begin < 15_000, `${performance.now() - begin} ms`);
    await until("the pool has no worker", async () => (await childrenOf(pool.pid!)).length === 0, 15_000);
    pool.kill("SIGTERM");
    await once(pool, "exit");
  });
});

/** The processes that one has started and that run. */
async function childrenOf(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter((child) => child !== "");
}

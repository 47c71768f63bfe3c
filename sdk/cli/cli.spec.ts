import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { PipelineSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = `
import { counter, create, pipelineOptions, run } from "girder";

interface Order { readonly id: number; readonly cents: number }

const options = pipelineOptions({
  maxCents: { type: "number", default: 500, description: "What an order may cost." },
  verbose: { type: "boolean", description: "Whether to say more." },
});
export const types: [number, boolean] = [options.maxCents, options.verbose];

function check(order: Order): number {
  if (order.cents > options.maxCents) throw new RangeError("too dear");
  return order.cents;
}

await run((root) => {
  root
    .apply("Orders", create<Order>([{ id: 1, cents: 100 }, { id: 2, cents: 700 }]))
    .apply(function Checked(orders) {
      return orders.map("Check", check).map("Count", (cents, { seen }) => (seen.inc(), cents), { seen: counter("orders") });
    });
}, options);
`;

const LONG = `
import { generateSequence, run } from "girder";
import { writeToText } from "girder/io/textio";
await run((root) => {
  root.apply(generateSequence({ to: 1e12 })).map((n) => String(n)).apply(writeToText(new URL("out/numbers", import.meta.url).pathname));
});
`;

const TICKS = `
import { periodicImpulse, run } from "girder";
await run((root) => {
  root.apply(periodicImpulse({ from: Date.now() - 100, interval: 20 })).map((at) => console.log(at));
});
`;

describe("the command", function () {
  this.timeout(30_000);
  let folder: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "girder-cli-")));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/girder"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "orders.ts"), PROGRAM);
    writeFileSync(join(folder, "long.js"), LONG);
    writeFileSync(join(folder, "idle.js"), "");
    writeFileSync(join(folder, "ticks.js"), TICKS);
    writeFileSync(join(folder, "unawaited.js"), LONG.replace("await run", "run").replace("String(n)", "n.nonsense()"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function begin(...args: string[]) {
    const child = spawn(process.execPath, [join(ROOT, "sdk/cli/girder.js"), ...args], { cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<Outcome>((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
    return { child, ended };
  }

  const girder = (...args: string[]): Promise<Outcome> => begin(...args).ended;

  it("says its version and what it can do", async () => {
    assert.deepEqual(await girder("--version"), { code: 0, stdout: `${version}\n`, stderr: "" });
    const { code, stdout } = await girder("--help");
    assert.equal(code, 0);
    assert.match(stdout, /run <program>[\s\S]*graph \[options\] <program>/);
  });

  it("runs from the checkout as npx girder", async () => {
    const child = spawn("npx", ["girder", "--version"], { cwd: ROOT });
    let stdout = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
    });
    assert.equal(await new Promise((resolve) => child.on("close", resolve)), 0);
    assert.equal(stdout.trim(), version);
  });

  for (const [what, args, message] of [
    ["an unknown command", ["rum"], /unknown command 'rum'[\s\S]*Did you mean run/],
    ["a missing program", ["run"], /missing required argument 'program'/],
    [
      "an unknown option",
      ["run", "orders.ts", "--max-cent=3"],
      /no option --max-cent\.[\s\S]*Did you mean --max-cents\?/,
    ],
    ["a misspelt option of the runner", ["run", "orders.ts", "--fail-bundle=1"], /Did you mean --fail-bundles\?/],
    ["an option of the wrong type", ["run", "orders.ts", "--max-cents=many"], /--max-cents=many is not a number/],
    ["an option without value", ["run", "orders.ts", "--max-cents"], /--max-cents has no value/],
    ["a switch with a value", ["run", "orders.ts", "--verbose=yes"], /--verbose takes no value/],
    ["what is no option", ["run", "orders.ts", "many"], /"many" is not an option/],
    ["a share above 1", ["run", "orders.ts", "--fail-bundles=7"], /--fail-bundles=7 is out of range[\s\S]*from 0 to 1/],
    ["an unknown runner", ["run", "orders.ts", "--runner=flint"], /no runner "flint"[\s\S]*--runner=embedded/],
    ["a size that is none", ["run", "orders.ts", "--memory-budget=much"], /"much" is not a size[\s\S]*64k, 512m, 2g/],
    [
      "a size without a unit",
      ["run", "orders.ts", "--memory-budget=64"],
      /64 is a budget of 64 bytes[\s\S]*64m for megabytes/,
    ],
    ["an end that is none", ["run", "ticks.js", "--until=noon"], /until "noon"[\s\S]*--until=available/],
    ["a bundle without elements", ["run", "ticks.js", "--max-bundle-size=0"], /--max-bundle-size=0 is out of range/],
    ["a bundle without time", ["run", "ticks.js", "--max-bundle-time=-1"], /--max-bundle-time=-1 is out of range/],
    ["an unknown format", ["graph", "orders.ts", "--format=dot"], /no format "dot"[\s\S]*text, mermaid or json/],
  ] as const) {
    it(`refuses ${what} with exit code 2 and says what to do`, async () => {
      const { code, stdout, stderr } = await girder(...args);
      assert.match(stderr, message);
      assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    });
  }

  it("says that a program is not there, with exit code 1", async () => {
    const { code, stderr } = await girder("run", "nothing.ts");
    assert.equal(code, 1);
    assert.match(stderr, /\[not-found\] There is no file .*nothing\.ts/);
  });

  describe("run", () => {
    it("generates the help of a program's options, and the runner's", async () => {
      const { code, stdout } = await girder("run", "orders.ts", "--help");
      assert.equal(code, 0);
      assert.match(stdout, /^ {2}--max-cents=NUMBER +What an order may cost\. Default: 500\.$/m);
      assert.match(stdout, /^ {2}--verbose +Whether to say more\.$/m);
      assert.match(stdout, /^ {2}--memory-budget=STRING +.* Default: 1g\.$/m);
    });

    it("ends with the last progress, the state and the metrics, each on a line where there is no terminal", async () => {
      const { code, stdout, stderr } = await girder("run", "orders.ts", "--max-cents=1000");
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
      const [progress, state, metric, ...rest] = stderr.trimEnd().split("\n");
      assert.match(progress!, /^\[█{20}\] (\d+)\/\1 stages {2}[\d,]+ elements {2}[\d,]+\/s {2}\d+\.\d s$/);
      assert.match(state!, /^girder: DONE in \d+\.\d\d s$/);
      assert.equal(metric, "  Checked/Count  girder/orders  2");
      assert.deepEqual(rest, []);
    });

    it("shows an author's exception: their own stack first, then the step, where it stands, the element, a remedy", async () => {
      const { code, stderr } = await girder("run", "orders.ts");
      assert.equal(code, 1);
      const text = stderr.slice(stderr.indexOf("RangeError"));
      const [message, frame, blank, ...about] = text.trimEnd().split("\n");
      assert.equal(message, "RangeError: too dear");
      assert.match(frame!, /^ {4}at check \(.*orders\.ts:13:\d+\)$/);
      assert.equal(blank, "");
      const line = PROGRAM.split("\n").findIndex((each) => each.includes('.map("Check"')) + 1;
      assert.deepEqual(
        about.map((each) => each.replace(/:\d+$/, "")),
        [
          "girder: [user-exception] RangeError: too dear",
          "  where      Checked/Check",
          `  applied at ${join(folder, "orders.ts")}:${line}`,
          "  element    { id: 2, cents: 700 }",
          "  remedy     Correct the function, or catch in it what is to be passed over. Nothing of this bundle was committed.",
        ],
      );
    });

    it("shows failures of a program that does not wait for its pipeline, too", async () => {
      const { code, stderr } = await girder("run", "unawaited.js");
      assert.equal(code, 1);
      assert.match(stderr, /nonsense is not a function[\s\S]*\[user-exception\]/);
    });

    it("drains a stream when it is interrupted: what has come is processed, and it ends well", async () => {
      const { child, ended } = begin("run", "ticks.js", "--streaming");
      await new Promise((resolve) => child.stdout.once("data", resolve));
      child.kill("SIGINT");
      const { code, stderr } = await ended;
      assert.equal(code, 0, stderr);
      assert.match(stderr, /draining; press Ctrl-C again to cancel[\s\S]*girder: DRAINED/);
    });

    for (const options of [[], ["--max-bundle-size=1", "--max-bundle-time=5"]]) {
      it(`runs a pipeline that never ends until it is cancelled, with ${options.join(" ") || "no option"}`, async () => {
        const { child, ended } = begin("run", "ticks.js", ...options);
        let lines = 0;
        await new Promise<void>((resolve) => {
          child.stdout.on("data", (chunk: Buffer) => {
            lines += chunk.toString().split("\n").length - 1;
            if (lines >= 10) resolve();
          });
          child.on("close", () => resolve());
        });
        child.kill("SIGINT");
        const { code, stdout, stderr } = await ended;
        assert.equal(code, 130, stderr);
        const instants = stdout.trimEnd().split("\n").map(Number);
        assert.ok(instants.length >= 10);
        assert.ok(instants.every((at, i) => i === 0 || at === instants[i - 1]! + 20));
      });
    }

    it("ends with what is there, if it is to", async () => {
      const { code, stdout, stderr } = await girder("run", "ticks.js", "--until=available");
      assert.equal(code, 0, stderr);
      assert.match(stderr, /girder: DONE/);
      assert.ok(stdout.trimEnd().split("\n").length >= 6, stdout);
    });

    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      it(`is cancelled by ${signal} within a second, and leaves no files`, async () => {
        const { child, ended } = begin("run", "long.js");
        const out = join(folder, "out");
        for (let folders: string[] = []; folders.length === 0; ) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          try {
            folders = readdirSync(out);
          } catch {
            // It is made with the first temporary file.
          }
        }
        const begun = performance.now();
        child.kill(signal);
        const { code, stderr } = await ended;
        assert.equal(code, 130, stderr);
        assert.match(stderr, /cancelling; press Ctrl-C again[\s\S]*\[cancelled\]/);
        assert.ok(performance.now() - begun < 1000, `${performance.now() - begun} ms`);
        assert.deepEqual(readdirSync(out), []);
        rmSync(out, { recursive: true });
      });
    }
  });

  describe("graph", () => {
    it("shows the transforms under the composites they are part of", async () => {
      const { code, stdout, stderr } = await girder("graph", "orders.ts");
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^Checked\n {2}Check {2}\(beam:transform:pardo:v1\)\n {2}Count/m);
    });

    it("takes its options before and after the program, and leaves the others to it", async () => {
      const before = await girder("graph", "--stages", "orders.ts", "--max-cents=3");
      const after = await girder("graph", "orders.ts", "--max-cents=3", "--stages");
      assert.equal(before.code, 0, before.stderr);
      assert.deepEqual(after, before);
      assert.match(before.stdout, /^\d+\. executable in typescript\n {5}Checked\/Check\n {5}Checked\/Count/m);
    });

    it("draws pipeline and stages for mermaid", async () => {
      const pipeline = await girder("graph", "orders.ts", "--format=mermaid");
      assert.match(pipeline.stdout, /^flowchart[\s\S]*subgraph .*\["Checked"\][\s\S]*\["Check"\]/);
      const stages = await girder("graph", "orders.ts", "--stages", "--format=mermaid");
      assert.match(stages.stdout, /^flowchart[\s\S]*Check/);
      assert.notEqual(stages.stdout, pipeline.stdout);
    });

    it("writes pipeline and stages as JSON", async () => {
      const { stdout } = await girder("graph", "orders.ts", "--format=json");
      const pipeline = JSON.parse(stdout) as { components: { transforms: object } };
      assert.ok("Checked/Check" in pipeline.components.transforms);
      const stages = JSON.parse((await girder("graph", "orders.ts", "--format=json", "--stages")).stdout) as {
        transforms?: string[];
      }[];
      assert.ok(stages.some(({ transforms }) => transforms?.includes("Checked/Check")));
    });

    it("writes the proto, which reads back", async () => {
      const { code, stdout } = await girder("graph", "orders.ts", "--proto", "orders.pb");
      assert.deepEqual({ code, stdout }, { code: 0, stdout: "" });
      const bytes = new Uint8Array(readFileSync(join(folder, "orders.pb")));
      const pipeline = fromBinary(PipelineSchema, bytes);
      assert.deepEqual(pipeline.rootTransformIds, ["Orders", "Checked"]);
      assert.deepEqual(fromBinary(PipelineSchema, toBinary(PipelineSchema, pipeline)), pipeline);
    });

    it("fails for a program that runs no pipeline", async () => {
      const { code, stderr } = await girder("graph", "idle.js");
      assert.equal(code, 1);
      assert.match(stderr, /did not run a pipeline[\s\S]*idle\.js[\s\S]*call run\(\)/);
    });
  });
});

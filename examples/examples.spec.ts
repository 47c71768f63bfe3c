import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const EXAMPLES = (await readdir(join(ROOT, "examples")))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".spec.ts"))
  .map((file) => file.slice(0, -".ts".length));

describe("the example", function () {
  this.timeout(120_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "girder-examples-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** Runs an example as its reader would; returns the lines that it writes, sorted: they are in no order. */
  async function linesOf(example: string, name: string, ...options: string[]): Promise<string[]> {
    const target = join(folder, `${example}-${name}`);
    const program = ["dist/sdk/cli/main.js", "run", `examples/${example}.ts`, `--output=${join(target, "part")}`];
    await execute(process.execPath, [...program, ...options], { cwd: ROOT });
    const files = await readdir(target);
    assert.ok(
      files.every((file) => /^part-\d{5}-of-\d{5}/.test(file)),
      `something else was left: ${files}`,
    );
    const texts = await Promise.all(files.map((file) => readFile(join(target, file), "utf8")));
    return texts.flatMap((text) => text.split("\n").slice(0, -1)).sort();
  }

  const results = new Map<string, string[]>();

  for (const example of EXAMPLES) {
    it(`${example} leaves the same result when bundles are lost and split`, async () => {
      const plain = await linesOf(example, "plain");
      results.set(example, plain);
      assert.ok(plain.length > 2, plain.join("\n"));
      assert.deepEqual(
        await linesOf(example, "faulty", "--fail-bundles=0.1", "--split-bundles=0.2", "--seed=7"),
        plain,
      );
    });
  }

  it("wordcount counts what tr, sort and uniq count", async () => {
    const count = "tr -cs \"A-Za-z'\" '\\n' < examples/data/kjv.txt | grep . | sort | uniq -c";
    const { stdout } = await execute("bash", ["-c", count], { cwd: ROOT, env: { ...process.env, LC_ALL: "C" } });
    const expected = stdout.trimEnd().split("\n");
    const lines = expected.map((line) => line.trim().replace(/^(\d+) (.*)$/, "$2: $1")).sort();
    assert.deepEqual(results.get("wordcount"), lines);
  });

  it("flights gives the averages that a loop gives", async () => {
    const flights = JSON.parse(await readFile(join(ROOT, "examples/data/flights-20k.json"), "utf8")) as {
      readonly date: string;
      readonly origin: string;
      readonly delay: number;
    }[];
    const delays = new Map<string, number[]>();
    for (const { date, origin, delay } of flights) {
      const key = `${date.slice(0, 10).replaceAll("/", "-")},${origin}`;
      delays.set(key, [...(delays.get(key) ?? []), delay]);
    }
    const lines = Array.from(delays, ([key, all]) => {
      const average = all.reduce((sum, delay) => sum + delay, 0) / all.length;
      return `${key},${average.toFixed(1)},${all.length}`;
    });
    assert.deepEqual(results.get("flights"), ["day,airport,delay,flights", ...lines].sort());
  });

  it("sessions tells visits apart by the half hours between clicks", () => {
    assert.deepEqual(results.get("sessions"), [
      "ada 09:00 to 09:31: 3 clicks on / /looms /looms/1801",
      "ada 10:15 to 10:16: 2 clicks on / /help",
      "bob 09:10 to 09:41: 3 clicks on / /basket /thanks",
      "cyd 23:55 to 00:10: 2 clicks on / /help",
    ]);
  });

  it("side-inputs converts by the rates and leaves unknown currencies out", () => {
    assert.deepEqual(results.get("side-inputs"), [
      "ada: 169.20 EUR, 49.0 %",
      "bob: 95.80 EUR, 27.8 %",
      "cyd: 80.00 EUR, 23.2 %",
    ]);
  });
});

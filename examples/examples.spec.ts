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
    const program = ["sdk/cli/girder.js", "run", `examples/${example}.ts`, `--output=${join(target, "part")}`];
    await execute(process.execPath, [...program, ...options], { cwd: ROOT });
    const files = await readdir(target);
    assert.ok(
      files.every((file) => /^part-(.*-)?\d{5}-of-\d{5}/.test(file)),
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

  it("flights-stream emits on time what has left by then, and a pane for each flight that leaves late", async () => {
    const text = await readFile(join(ROOT, "examples/data/flights-20k.json"), "utf8");
    const minute = 60_000;
    const flights = (JSON.parse(text) as { readonly date: string; readonly delay: number }[])
      .filter(({ date }) => date.startsWith("2001/01/01"))
      .map(({ date, delay }) => ({ scheduled: Date.parse(`${date} UTC`), delay }))
      .map(({ scheduled, delay }) => ({ scheduled, delay, left: scheduled + delay * minute }))
      .sort((a, b) => a.left - b.left);
    const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
    const expected: string[] = [];
    for (let end = Date.UTC(2001, 0, 1, 2); end <= Date.UTC(2001, 0, 2); end += 120 * minute) {
      // The watermark follows departures by half an hour; two hours after its end a window takes no more.
      const of = flights
        .filter(({ scheduled }) => scheduled >= end - 120 * minute && scheduled < end)
        .filter(({ left }) => left - 30 * minute < end + 120 * minute);
      if (of.length === 0) continue;
      const passed = flights.find(({ left }) => left - 30 * minute >= end);
      const onTime = passed === undefined ? of.length : of.filter(({ left }) => left < passed.left).length;
      for (let n = onTime; n <= of.length; n++) {
        const average = of.slice(0, n).reduce((sum, { delay }) => sum + delay, 0) / n;
        const longest = Math.max(...of.slice(0, n).map(({ delay }) => delay));
        const figures = `${n} flights, delayed ${average.toFixed(1)} minutes on average, at most ${longest}`;
        expected.push(`${clock(end - 120 * minute)} to ${clock(end)} ${n === onTime ? "ON_TIME" : "LATE"}: ${figures}`);
      }
    }
    assert.ok(expected.length > 20);
    const panes = results.get("flights-stream")!.filter((line) => !line.includes("EARLY"));
    assert.deepEqual(panes.map((line) => line.replace(/ \d+:(?= )/, ":")).sort(), expected.sort());
    assert.equal(results.get("flights-stream")!.length - panes.length, 19);
  });

  /** The lines of one figure, without its number. */
  const figureOf = (example: string, figure: string): string[] =>
    results
      .get(example)!
      .filter((line) => line.startsWith(`${figure}: `))
      .map((line) => line.slice(figure.length + 2));

  it("dataflow-model says the sums that the book's companion code expects, in the panes that it expects", () => {
    const [w1, w2, w3, w4] = [
      "12:00:00 to 12:02:00",
      "12:02:00 to 12:04:00",
      "12:04:00 to 12:06:00",
      "12:06:00 to 12:08:00",
    ];
    const onTime = (first: number): string[] =>
      [`${w1} ${first}`, `${w2} 18`, `${w3} 4`, `${w4} 12`].map((line) => `${line} ON_TIME 0 last`);
    const expected: Readonly<Record<string, readonly string[]>> = {
      "2-3": ["all 48 ON_TIME 0 last"],
      "2-5": onTime(14),
      "2-6": [
        ...[`${w1} 5 EARLY 0`, `${w1} 14 EARLY 1`, `${w2} 7 EARLY 0`, `${w2} 10 EARLY 1`, `${w2} 18 EARLY 2`],
        ...[`${w3} 4 EARLY 0`, `${w4} 3 EARLY 0`, `${w4} 11 EARLY 1`, `${w4} 12 EARLY 2`],
      ],
      "2-8": [
        ...[`${w1} 5 EARLY 0`, `${w1} 14 ON_TIME 1 last`, `${w2} 18 EARLY 0`, `${w2} 18 ON_TIME 1 last`],
        ...[`${w3} 4 EARLY 0`, `${w3} 4 ON_TIME 1 last`, `${w4} 12 EARLY 0`, `${w4} 12 ON_TIME 1 last`],
      ],
      "2-10 left": onTime(14),
      "2-10 right": onTime(5),
      "2-11 left": [
        ...[`${w1} 5 EARLY 0`, `${w1} 14 ON_TIME 1`, `${w2} 10 EARLY 0`, `${w2} 18 EARLY 1`, `${w2} 18 ON_TIME 2`],
        ...[`${w3} 4 EARLY 0`, `${w3} 4 ON_TIME 1`, `${w4} 3 EARLY 0`, `${w4} 12 ON_TIME 1`],
      ],
      "2-11 right": [
        ...[`${w1} 5 EARLY 0`, `${w1} 5 ON_TIME 1`, `${w1} 14 LATE 2`, `${w2} 10 EARLY 0`, `${w2} 18 ON_TIME 1`],
        ...[`${w3} 4 EARLY 0`, `${w3} 4 ON_TIME 1`, `${w4} 3 EARLY 0`, `${w4} 12 ON_TIME 1`],
      ],
      "2-12": [
        ...[`${w1} 5 EARLY 0`, `${w1} 5 ON_TIME 1`, `${w1} 11 LATE 2`, `${w2} 10 EARLY 0`, `${w2} 18 ON_TIME 1`],
        ...[`${w3} 4 EARLY 0`, `${w3} 4 ON_TIME 1`, `${w4} 3 EARLY 0`, `${w4} 12 ON_TIME 1`],
      ],
      "2-13": [
        ...[`${w1} 5 EARLY 0`, `${w1} 0 ON_TIME 1`, `${w1} 9 LATE 2`, `${w2} 10 EARLY 0`, `${w2} 8 ON_TIME 1`],
        ...[`${w3} 4 EARLY 0`, `${w3} 0 ON_TIME 1`, `${w4} 3 EARLY 0`, `${w4} 9 ON_TIME 1`],
      ],
    };
    for (const [figure, lines] of Object.entries(expected)) {
      assert.deepEqual(figureOf("dataflow-model", figure), lines.toSorted(), `figure ${figure}`);
    }
    // Which index a pane has after sessions have merged is not for the model to say.
    const sessions = figureOf("dataflow-model", "4-7").map((line) => line.replace(/ \d+( last)?$/, "$1"));
    assert.deepEqual(sessions, [
      "12:00:26 to 12:01:26 5 EARLY",
      "12:00:26 to 12:01:26 5 ON_TIME",
      "12:00:26 to 12:05:19 36 LATE",
      "12:02:24 to 12:03:24 7 EARLY",
      "12:02:24 to 12:05:19 22 EARLY",
      "12:02:24 to 12:05:19 22 ON_TIME",
      "12:06:39 to 12:07:39 3 EARLY",
      "12:06:39 to 12:08:46 12 EARLY",
      "12:06:39 to 12:08:46 12 ON_TIME last",
    ]);
  });

  it("dataflow-paper comes to the sums of the paper's figures, and takes back what sessions said before they merged", () => {
    const [w1, w2, w3, w4] = [
      "12:00:00 to 12:02:00",
      "12:02:00 to 12:04:00",
      "12:04:00 to 12:06:00",
      "12:06:00 to 12:08:00",
    ];
    const minutely = [
      `${w1} 5 EARLY`,
      `${w2} 7 EARLY`,
      `${w2} 14 EARLY`,
      `${w2} 22 EARLY`,
      `${w3} 3 EARLY`,
      `${w4} 3 EARLY`,
    ];
    const expected: Readonly<Record<string, readonly string[]>> = {
      7: [12, 22, 33, 51].map((total) => `all ${total} EARLY`),
      8: [12, 10, 11, 18].map((total) => `all ${total} EARLY`),
      9: [12, 7, 11, 12, 9].map((total) => `all ${total} EARLY`),
      10: [`${w1} 14`, `${w2} 22`, `${w3} 3`, `${w4} 12`].map((line) => `${line} ON_TIME`),
      11: [...minutely, `${w1} 14 EARLY`, `${w4} 12 EARLY`],
      12: [`${w1} 5 ON_TIME`, `${w1} 14 LATE`, `${w2} 22 ON_TIME`, `${w3} 3 ON_TIME`, `${w4} 12 ON_TIME`],
      13: [...minutely, `${w1} 14 LATE`, `${w4} 12 EARLY`],
      14: [
        ...["12:00:30 to 12:01:30 5 EARLY", "12:02:10 to 12:03:10 7 EARLY", "12:03:40 to 12:05:30 10 EARLY"],
        ...["12:02:10 to 12:03:10 -7 EARLY", "12:03:40 to 12:05:30 -10 EARLY", "12:02:10 to 12:05:30 25 EARLY"],
        ...["12:00:30 to 12:01:30 -5 EARLY", "12:02:10 to 12:05:30 -25 EARLY", "12:00:30 to 12:05:30 39 LATE"],
        ...["12:06:30 to 12:07:30 3 EARLY", "12:06:30 to 12:07:30 -3 EARLY", "12:06:30 to 12:08:50 12 EARLY"],
      ],
    };
    for (const [figure, lines] of Object.entries(expected)) {
      assert.deepEqual(figureOf("dataflow-paper", figure), lines.toSorted(), `figure ${figure}`);
    }
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

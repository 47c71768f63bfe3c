/**
 * `npm run bench -- [--only=JOB,…] [--runs=5] [--together] [--json FILE]`: five jobs, three subjects, side by side in one run.
 *
 * Each measurement is a process of its own, one after the other, that runs the job twice and times the second. Printed are
 * medians, and the ratios to the plain loop and to the official SDK, by elements per second.
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { OFFICIAL } from "./apache-beam.js";
import type { Subject } from "./job.js";
import { JOBS } from "./jobs/index.js";
import { textFile } from "./jobs/text.js";
import type { Measurement } from "./run-job.js";

const SUBJECTS: readonly Subject[] = ["loop", "girder", "apache-beam"];

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    runs: { type: "string", default: "5" },
    json: { type: "string" },
    together: { type: "boolean", default: false },
  },
});
const runs = Number(values.runs);
const jobs = JOBS.filter(({ name }) => values.only === undefined || values.only.split(",").includes(name));
const measured: Measurement[] = [];

if (!existsSync(join(OFFICIAL, "node_modules"))) {
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: OFFICIAL, stdio: "inherit" });
}
for (const job of jobs) {
  if (job.name === "wordcount") for (const words of [job.elements, job.elementsForBeam]) textFile(words);
  // Subjects take turns, so that whatever else the machine does is shared.
  const all = Array.from({ length: runs }, () => SUBJECTS.map((subject) => measureIn([job.name], subject)[0]!));
  for (const at of SUBJECTS.keys()) measured.push(median(all.map((turn) => turn[at]!)));
  printJob(job.name);
}
if (values.together) printTogether();
if (values.json !== undefined) {
  const rows = measured.map(({ job, subject, seconds, elements, peakMemoryBytes }) => ({
    job,
    subject,
    seconds,
    elements,
    peakMemoryBytes,
  }));
  writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
}

/** The jobs measured in one process of the subject, one after the other. */
function measureIn(names: readonly string[], subject: Subject): Measurement[] {
  const script = resolve(import.meta.dirname, "subject.js");
  const output = execFileSync(process.execPath, [...process.execArgv, script, names.join(","), subject], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  // The official SDK prints lines of its own.
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line) as Measurement);
}

/** The median of several measurements, by time; of memory, the median by itself. */
function median(all: readonly Measurement[]): Measurement {
  const half = Math.floor(all.length / 2);
  const middle = all.toSorted((a, b) => a.seconds - b.seconds)[half]!;
  const peakMemoryBytes = all.map((each) => each.peakMemoryBytes).toSorted((a, b) => a - b)[half]!;
  return { ...middle, peakMemoryBytes };
}

/** What the other jobs in the same process make of each. */
function printTogether(): void {
  const names = jobs.map(({ name }) => name);
  const all = Array.from({ length: runs }, () => ({
    loop: measureIn(names, "loop"),
    girder: measureIn(names, "girder"),
  }));
  console.log("one after the other in one process, Girder by the loop");
  for (const [i, name] of names.entries()) {
    const of = (subject: "loop" | "girder") => median(all.map((each) => each[subject][i]!)).seconds;
    console.log(`  ${name.padEnd(18)} ${(of("girder") / of("loop")).toFixed(2)}×`);
  }
}

function printJob(job: string): void {
  const of = (subject: Subject): Measurement => measured.find((each) => each.job === job && each.subject === subject)!;
  const rate = ({ elements, seconds }: Measurement): number => elements / seconds;
  const [loop, girder, official] = [of("loop"), of("girder"), of("apache-beam")];
  if (loop.result !== girder.result) throw new Error(`${job}: the loop gives ${loop.result}, Girder ${girder.result}`);
  console.log(job);
  for (const each of [loop, girder, official]) {
    const memory = `${Math.round(each.peakMemoryBytes / 2 ** 20)} MB`;
    const bundles = each.bundles === undefined ? "" : `  ${each.bundles} bundles`;
    const perSecond = `${(rate(each) / 1e6).toFixed(2)}M/s`;
    console.log(
      `  ${each.subject.padEnd(12)} ${each.seconds.toFixed(3)} s  ${perSecond.padStart(9)}  ${memory.padStart(8)}${bundles}`,
    );
  }
  const ofLoop = rate(loop) / rate(girder);
  console.log(
    `  girder takes ${ofLoop.toFixed(2)}× the loop, and is ${(rate(girder) / rate(official)).toFixed(1)}× as fast as apache-beam`,
  );
}

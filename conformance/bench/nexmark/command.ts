/**
 * `npm run bench -- nexmark [--only=q0,…] [--runs=3] [--events N] [--batch] [--json FILE]`: Nexmark's queries and two streams, each as a
 * plain loop and on Girder embedded.
 *
 * Each measurement is a process of its own that makes the events, runs the row twice and times the second run. Printed are medians:
 * elements in a second, by the clock and by the process's CPU time, and how many times as long as the loop Girder takes.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { GirderError } from "girder";
import { chosen } from "../chosen.js";
import type { RowMeasurement } from "./measure.js";
import type { Row, RowSubject } from "./row.js";
import { rowText, titleText } from "./row-table.js";
import { ROWS } from "./rows.js";

const SUBJECTS: readonly RowSubject[] = ["loop", "girder"];

/** The exit code: 1 if Girder does not come to what the loop comes to, 2 for options that are wrong. */
export function nexmarkCommand(args: readonly string[]): number {
  try {
    const { rows, runs, events, batch, json } = parsed(args);
    const measured: RowMeasurement[] = [];
    let failed = false;
    console.log(titleText(batch));
    for (const row of rows) {
      const [loop, girder] = medians(row, runs, events, batch);
      measured.push(loop, girder);
      console.log(rowText(row, loop, girder));
      if (loop.result === girder.result) continue;
      console.error(`${row.name}: the loop comes to ${loop.result}, Girder to ${girder.result}`);
      failed = true;
    }
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured.map(withoutResult), undefined, 2)}\n`);
    return failed ? 1 : 0;
  } catch (thrown) {
    console.error(thrown instanceof GirderError ? thrown.message : thrown);
    return 2;
  }
}

function parsed(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      runs: { type: "string", default: "3" },
      events: { type: "string" },
      batch: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const rows = chosen("only", values.only, ROWS, ({ name }) => name);
  return { rows, runs: Number(values.runs), events: values.events ?? "", batch: values.batch, json: values.json };
}

/** Subjects take turns, so that whatever else the machine does is shared. */
function medians(row: Row, runs: number, events: string, batch: boolean): [RowMeasurement, RowMeasurement] {
  const all = Array.from({ length: runs }, () => SUBJECTS.map((subject) => measureIn(row, subject, events, batch)));
  const [loop, girder] = SUBJECTS.map((_, at) => median(all.map((turn) => turn[at]!)));
  return [loop!, girder!];
}

function measureIn({ name }: Row, subject: RowSubject, events: string, batch: boolean): RowMeasurement {
  const script = resolve(import.meta.dirname, "subject.js");
  const args = [
    ...process.execArgv,
    "--max-old-space-size=4096",
    script,
    name,
    subject,
    events,
    ...(batch ? ["--bounded"] : []),
  ];
  const output = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(output) as RowMeasurement;
}

/** The median by time; of CPU time and memory, the medians by themselves. */
function median(all: readonly RowMeasurement[]): RowMeasurement {
  const middle = <T>(values: readonly T[], by: (value: T) => number): T =>
    values.toSorted((a, b) => by(a) - by(b))[Math.floor(values.length / 2)]!;
  return {
    ...middle(all, ({ seconds }) => seconds),
    cpuSeconds: middle(all, ({ cpuSeconds }) => cpuSeconds).cpuSeconds,
    peakMemoryBytes: middle(all, ({ peakMemoryBytes }) => peakMemoryBytes).peakMemoryBytes,
  };
}

function withoutResult({ result: _, ...measurement }: RowMeasurement): Omit<RowMeasurement, "result"> {
  return measurement;
}

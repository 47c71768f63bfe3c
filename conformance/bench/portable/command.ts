/**
 * `npm run bench -- portable [--only=JOB,…] [--subjects=girder,prism] [--runs=1] [--json FILE]`: the same pipelines of the Python
 * and Go SDKs on `girder serve` and on Prism, in turns.
 *
 * Each measurement has a fresh job service, runs the job twice, and is of the second run. Printed are the wall time that the
 * client sees, the CPU time and the peak memory of the runner's process, and Girder's shares of Prism's. Needs Linux.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GirderError } from "girder";
import { messageOf } from "../../../portability/errors.js";
import { chosen } from "../chosen.js";
import { measure, PORTABLE_SUBJECTS, type PortableMeasurement, type PortableSubject } from "./measure.js";
import { PORTABLE_JOBS, type PortableJob } from "./portable-job.js";
import { jobText, medianOf } from "./portable-table.js";

/** The exit code: 1 if a job failed, 2 for options that are wrong. */
export async function portableCommand(args: readonly string[]): Promise<number> {
  try {
    const { jobs, subjects, runs, json } = parsed(args);
    const measured: PortableMeasurement[] = [];
    let failed = false;
    for (const job of jobs) {
      const { done, failures } = await measureInTurns(job, subjects, runs);
      measured.push(...done);
      console.log(jobText(`${job.name}: ${job.what}`, done));
      for (const failure of failures) console.error(failure);
      failed ||= failures.length > 0;
    }
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(measured, undefined, 2)}\n`);
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
      subjects: { type: "string", default: PORTABLE_SUBJECTS.join() },
      runs: { type: "string", default: "1" },
      json: { type: "string" },
    },
  });
  const jobs = chosen("only", values.only, PORTABLE_JOBS, ({ name }) => name);
  const subjects = chosen("subjects", values.subjects, PORTABLE_SUBJECTS, (name) => name);
  return {
    // In their usual order, each once.
    jobs: PORTABLE_JOBS.filter((job) => jobs.includes(job)),
    subjects: PORTABLE_SUBJECTS.filter((subject) => subjects.includes(subject)),
    runs: Number(values.runs),
    json: values.json,
  };
}

/** Subjects take turns, so that whatever else the machine does is shared. One on which the job fails has no result. */
async function measureInTurns(
  job: PortableJob,
  subjects: readonly PortableSubject[],
  runs: number,
): Promise<{ done: PortableMeasurement[]; failures: string[] }> {
  const all = new Map<PortableSubject, PortableMeasurement[]>();
  const failures: string[] = [];
  for (let i = 0; i < runs; i++) {
    for (const subject of subjects) {
      try {
        all.set(subject, [...(all.get(subject) ?? []), await measure(job, subject)]);
      } catch (thrown) {
        failures.push(`  ${subject} failed: ${messageOf(thrown)}`);
      }
    }
  }
  return { done: Array.from(all.values(), medianOf), failures };
}

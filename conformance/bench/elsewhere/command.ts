/**
 * `npm run bench -- elsewhere [--only=JOB,…] [--runs=1]`: the same job from TypeScript and from Python, each with its functions in the
 * submitting process, on Prism. What differs is the SDK.
 *
 * SDKs take turns; each measurement has a fresh Prism, runs the job twice, and is of the second run. Needs Linux, Prism, and the
 * Python of the Python suite.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { GirderError } from "girder";
import { messageOf } from "../../../portability/errors.js";
import { chosen } from "../chosen.js";
import { measure, type PortableMeasurement } from "../portable/measure.js";
import { PORTABLE_JOBS, type PortableJob } from "../portable/portable-job.js";
import { medianOf } from "../portable/portable-table.js";

/** Jobs that both have, under the name that Python's has. */
const NAMES = ["wordcount", "group-by-key"] as const;

/** The job of our SDK that does what Python's does. */
function ours({ what, elements }: PortableJob, name: string): PortableJob {
  const client = join(import.meta.dirname, "client.js");
  return {
    name: `typescript-${name}`,
    what,
    elements,
    program: async (endpoint) => [process.execPath, "-C", "girder-modules", client, name, endpoint, String(elements)],
  };
}

/** The exit code: 1 if a job failed, 2 for options that are wrong. */
export async function elsewhereCommand(args: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { only: { type: "string" }, runs: { type: "string", default: "1" } },
    });
    let failed = false;
    for (const name of chosen("only", values.only, NAMES, (each) => each)) {
      const python = PORTABLE_JOBS.find((job) => job.name === `python-${name}`)!;
      const jobs = { TypeScript: ours(python, name), Python: python };
      const measured = new Map<string, PortableMeasurement[]>();
      console.log(`${name}: ${python.what}, on Prism`);
      for (let i = 0; i < Number(values.runs); i++) {
        for (const [sdk, job] of Object.entries(jobs)) {
          try {
            measured.set(sdk, [...(measured.get(sdk) ?? []), await measure(job, "prism")]);
          } catch (thrown) {
            failed = true;
            console.error(`  ${sdk} failed: ${messageOf(thrown)}`);
          }
        }
      }
      console.log(linesOf(new Map(Array.from(measured, ([sdk, all]) => [sdk, medianOf(all)]))).join("\n"));
    }
    return failed ? 1 : 0;
  } catch (thrown) {
    console.error(thrown instanceof GirderError ? thrown.message : thrown);
    return 2;
  }
}

function linesOf(measured: ReadonlyMap<string, PortableMeasurement>): string[] {
  const lines = Array.from(measured, ([sdk, { seconds, elements, runnerCpuSeconds }]) => {
    const rate = Math.round(elements / seconds).toLocaleString("en-US");
    return `  ${sdk.padEnd(12)}${seconds.toFixed(2).padStart(8)} s  ${rate.padStart(10)}/s  ${runnerCpuSeconds.toFixed(2)} CPU s of Prism`;
  });
  const [own, other] = [measured.get("TypeScript"), measured.get("Python")];
  if (own === undefined || other === undefined) return lines;
  return [...lines, `  TypeScript takes ${(own.seconds / other.seconds).toFixed(2)}× the time of Python`];
}

/**
 * What the file begins with that a program is made into for workers: it holds the program, all that the program imports, and
 * this. Started with the flags of Beam's contract, it is a worker.
 */
import { writeFileSync } from "node:fs";
import { messageOf } from "../../portability/errors.js";
import { setAmbient } from "../runners/ambient.js";
import { bootFlags } from "./boot-flags.js";
import { leaveToProgram, type ProgramSpec, provisioned, startSiblings } from "./booted-worker.js";

/** Environment variable with the path to which the pipeline's proto is to be written, instead of being a worker. */
export const DESCRIBE = "GIRDER_DESCRIBE_PROGRAM";

/**
 * Runs the program again: as a worker, or to see what it builds.
 *
 * @param file Path of the file that this is in.
 * @param load Imports the program.
 */
export async function bootProgram(file: string, spec: ProgramSpec, load: () => Promise<unknown>): Promise<void> {
  try {
    const target = process.env[DESCRIBE];
    if (target === undefined) await beWorker(file, spec);
    else {
      const describe = (proto: Uint8Array): never => {
        writeFileSync(target, proto);
        process.exit(0);
      };
      setAmbient({ argv: spec.argv, workerMode: { pipeline: spec.pipeline, captures: spec.captures, describe } });
      process.argv.splice(2, process.argv.length, ...spec.argv);
    }
    await load();
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? (thrown.stack ?? messageOf(thrown)) : String(thrown)}\n`);
    process.exit(1);
  }
}

async function beWorker(file: string, spec: ProgramSpec): Promise<void> {
  const flags = bootFlags(process.argv.slice(2));
  const info = await provisioned(flags);
  startSiblings(flags, info, file);
  leaveToProgram(flags, info, spec);
  process.once("SIGTERM", () => process.exit(143));
}

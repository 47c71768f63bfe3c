/** `girder worker`: what runners start as a worker, in a process or a container. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { setAmbient } from "../runners/ambient.js";
import { bootFlags } from "../worker/boot-flags.js";
import { type ProgramSpec, programSpecOf, provisioned, startSiblings } from "../worker/booted-worker.js";
import { retrieveProgram } from "../worker/retrieve-program.js";
import { importProgram } from "./load-program.js";

/** What is known of a program that was submitted by who knows nothing of workers. */
const UNKNOWN: ProgramSpec = { pipeline: 0, argv: [], captures: [] };

/**
 * Is a worker until the runner ends it.
 *
 * @param argv The flags of Beam's contract.
 * @param command What this process was started with, less those.
 * @param program The program to run. Default: the one that the job was submitted with, which the runner has.
 * @throws GirderError `invalid-option` for flags that say too little; `not-found` if there is no program.
 */
export async function workerCommand(
  argv: readonly string[],
  command: readonly string[],
  program?: string,
): Promise<void> {
  const flags = bootFlags(argv);
  const info = await provisioned(flags);
  startSiblings(flags, info, command);
  if (program === undefined) {
    const path = await retrieveProgram(flags, info);
    // The file itself knows what it was submitted with, and takes the flags from here.
    process.argv.splice(2, process.argv.length, ...argv);
    await import(pathToFileURL(path).href);
    return;
  }
  const { pipeline, captures, digests, argv: own } = programSpecOf(info?.pipelineOptions) ?? UNKNOWN;
  setAmbient({ argv: own, workerMode: { pipeline, captures, digests, flags: argv } });
  process.argv.splice(2, process.argv.length, ...own);
  await importProgram(resolve(program));
}

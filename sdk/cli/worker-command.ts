/** `girder worker`: what runners start as a worker, in a process or a container. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { bootFlags } from "../worker/boot-flags.js";
import {
  leaveToProgram,
  type ProgramSpec,
  programSpecOf,
  provisioned,
  startSiblings,
} from "../worker/booted-worker.js";
import { retrieveProgram } from "../worker/retrieve-program.js";
import { importProgram } from "./load-program.js";

/** What is known of a program that was submitted by who knows nothing of workers. */
const UNKNOWN: ProgramSpec = { pipeline: 0, argv: [], captures: [] };

/**
 * Is a worker until the runner ends it.
 *
 * @param argv The flags of Beam's contract.
 * @param program The program to run. Default: the one that the job was submitted with, which the runner has.
 * @throws GirderError `invalid-option` for flags that say too little; `not-found` if there is no program.
 */
export async function workerCommand(argv: readonly string[], program?: string): Promise<void> {
  const flags = bootFlags(argv);
  const info = await provisioned(flags);
  startSiblings(flags, info, process.argv[1]!);
  process.once("SIGTERM", () => process.exit(143));
  if (program === undefined) {
    const path = await retrieveProgram(flags, info);
    // The file itself knows what it was submitted with, and asks the runner for the rest.
    await import(pathToFileURL(path).href);
    return;
  }
  leaveToProgram(flags, info, programSpecOf(info?.pipelineOptions) ?? UNKNOWN);
  await importProgram(resolve(program));
}

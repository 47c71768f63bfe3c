/** What a process that is a worker learns of its runner when it starts. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { JsonObject } from "@bufbuild/protobuf";
import type { ProvisionInfo } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_provision_api_pb.js";
import { programState } from "../runners/ambient.js";
import { type BootFlags, bootArguments } from "./boot-flags.js";
import { provisionOf } from "./provision.js";

/** How a program was submitted: what a worker needs to build the same pipeline of it. */
export interface ProgramSpec {
  /** Which of the pipelines that the program runs, from 0. */
  readonly pipeline: number;
  /** The program's arguments. */
  readonly argv: readonly string[];
  readonly captures: readonly string[];
  /** Digests of its functions by their transforms. Default: those in the pipeline's proto only. */
  readonly digests?: Readonly<Record<string, string>>;
  /** Packages that are not part of the program's file. Default: none. */
  readonly external?: readonly string[];
}

/** Name of the pipeline option that holds the {@link ProgramSpec}. */
export const PROGRAM_OPTION = "beam:option:girder_program:v1";

/** The {@link ProgramSpec} among a job's options, if it is there. Dataflow has them one level deeper. */
export function programSpecOf(options: JsonObject | undefined): ProgramSpec | undefined {
  const deeper = options?.["options"] as JsonObject | undefined;
  return (options?.[PROGRAM_OPTION] ?? deeper?.[PROGRAM_OPTION]) as ProgramSpec | undefined;
}

/** Set for workers that other workers have started, which start no more. */
const SIBLING = "GIRDER_SIBLING_WORKER";

/** What the runner tells a worker that starts; undefined if it has no provision service. */
export async function provisioned({ provision, id }: BootFlags): Promise<ProvisionInfo | undefined> {
  return provision === "" ? undefined : await provisionOf(provision, id);
}

/**
 * Starts the workers that the runner wants beside this one. They end with it, and it with one that fails: the runner counts on all.
 *
 * @param command What this process was started with, less the flags.
 */
export function startSiblings(flags: BootFlags, info: ProvisionInfo | undefined, command: readonly string[]): void {
  const state = programState();
  if (process.env[SIBLING] !== undefined || state.hasStartedSiblings) return;
  state.hasStartedSiblings = true;
  const env = { ...process.env, [SIBLING]: "1" };
  state.siblings = (info?.siblingWorkerIds ?? []).map((id) => {
    const args = [...process.execArgv, ...command, ...bootArguments(flags, id)];
    const child = spawn(process.execPath, args, { env, stdio: "inherit" });
    const kill = (): void => void child.kill("SIGTERM");
    process.once("exit", kill);
    return once(child, "exit").then(([code, signal]) => {
      process.off("exit", kill);
      if (code === 0) return;
      process.stderr.write(
        `Sibling worker ${id} ended ${signal === null ? `with exit code ${code}` : `by ${signal}`}.\n`,
      );
      process.exit(1);
    });
  });
}

/** How long (ms) a worker that has ended waits for its siblings to end by themselves. */
const SIBLINGS_TIME = 5_000;

/** Settles when the siblings of this worker have ended, or should have. */
export async function siblingsEnded(): Promise<void> {
  const late = new Promise<void>((resolve) => {
    setTimeout(resolve, SIBLINGS_TIME).unref();
  });
  await Promise.race([Promise.all(programState().siblings ?? []), late]);
}

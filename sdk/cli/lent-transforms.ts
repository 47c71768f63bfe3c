/** The expansion service of `girder expansion-service` and of `girder serve`. */
import { fileURLToPath } from "node:url";
import { GirderError } from "../../portability/errors.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { leash } from "../../portability/process/leash.js";
import { ExpansionServer } from "../expansion/expansion-server.js";
import { registry } from "../expansion/registered-transforms.js";
import { PipelineResult } from "../runners/pipeline-result.js";
import { bootArguments, bootFlagsOf } from "../worker/boot-flags.js";
import type { PoolWorker, StartPoolWorker } from "../worker/worker-pool.js";
import { loadProgram } from "./load-program.js";

/** How long (ms) a worker that is stopped may take to end by itself. */
const GRACE = 3_000;

/**
 * Serves what programs register.
 *
 * @param programs Paths of their modules.
 * @throws GirderError `invalid-argument` for programs that register nothing; `not-found`, and what they throw; `io` where it cannot
 *   listen.
 */
export async function serveLentTransforms(
  programs: readonly string[],
  host: string,
  port: number,
): Promise<ExpansionServer> {
  await loadPrograms(programs);
  if (registry().transforms.size === 0) {
    throw new GirderError("invalid-argument", "There is nothing to serve: no transform is registered.", {
      where: programs.join(", "),
      remedy: "Register transforms in the program: registerTransform(urn, build), of girder/expansion.",
    });
  }
  return ExpansionServer.start({ host, port, startWorker: (expansions) => startProcess(programs, expansions) });
}

/** Loads programs for what they register: a pipeline that one of them runs is not run. */
export async function loadPrograms(programs: readonly string[]): Promise<void> {
  const launch = async () => new PipelineResult(new MetricsContainer(), 0);
  for (const program of programs) await loadProgram(program, { argv: [], launch });
}

const WORKER = fileURLToPath(new URL("../cli/expansion-worker-main.js", import.meta.resolve("girder/expansion")));

/** Workers are processes, so that what they do keeps nobody else from working; they end with this one. */
function startProcess(programs: readonly string[], expansions: string): StartPoolWorker {
  return async (request): Promise<PoolWorker> => {
    const flags = bootFlagsOf(request);
    const own = [`--expansions=${expansions}`, ...programs.map((program) => `--program=${program}`)];
    const args = [...process.execArgv, WORKER, ...own, ...bootArguments(flags, flags.id)];
    const worker = await leash(process.execPath, args, {
      grace: GRACE,
      onLine: (line) => process.stderr.write(`${line}\n`),
    });
    return { ended: worker.ended.then(() => undefined), stop: () => worker.end() };
  };
}

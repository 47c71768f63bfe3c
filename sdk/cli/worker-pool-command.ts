/** `girder worker-pool`: a pool of workers, each a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { StartWorkerRequest } from "../../portability/gen/org/apache/beam/model/fn_execution/v1/beam_fn_api_pb.js";
import { packageFolder } from "../runners/package-folder.js";
import { bootArguments, bootFlagsOf } from "../worker/boot-flags.js";
import { type PoolWorker, WorkerPool } from "../worker/worker-pool.js";
import { wholeNumber } from "./whole-number.js";

/** What the command is given, as it was written. */
export interface WorkerPoolOptions {
  readonly port: string;
  readonly host: string;
  readonly program?: string;
}

/** How long (ms) a worker that is stopped may take to end by itself. */
const GRACE = 3_000;

/**
 * Keeps a pool until the process is told to end (SIGTERM, SIGINT), which it then does with exit code 0, after its workers.
 *
 * @throws GirderError `invalid-option`, or `io` where it cannot listen.
 */
export async function workerPoolCommand({ port, host, program }: WorkerPoolOptions): Promise<void> {
  const pool = await WorkerPool.open(
    (request) => startProcess(request, program),
    host,
    wholeNumber("--port", port, 0, 65_535),
  );
  const stop = (): void => {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    void pool.close().finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.stdout.write(`girder: worker pool on ${pool.address}\n`);
}

const MAIN = join(packageFolder(), "sdk/cli/girder-worker.js");

function startProcess(request: StartWorkerRequest, program: string | undefined): PoolWorker {
  const flags = bootFlagsOf(request);
  const named = program === undefined ? [] : [`--program=${program}`];
  const child = spawn(process.execPath, [MAIN, ...named, ...bootArguments(flags, flags.id)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  return { ended, stop: () => stopProcess(child, ended) };
}

async function stopProcess(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const kill = setTimeout(() => child.kill("SIGKILL"), GRACE);
  await ended;
  clearTimeout(kill);
}

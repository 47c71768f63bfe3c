/** `girder serve`. */
import { isIP } from "node:net";
import { GirderError } from "../../portability/errors.js";
import { PORTABLE_CAPABILITIES } from "../../runner/graph/capabilities.js";
import { plan } from "../../runner/graph/plan.js";
import { jobExecutor } from "../../runner/job/execute-job.js";
import { JobServer } from "../../runner/job/job-server.js";
import { WorkerServices } from "../../runner/job/worker-services.js";
import { parseBytes } from "../runners/pipeline-options.js";
import type { ServeOptions } from "./serve-options.js";
import { wholeNumber } from "./whole-number.js";

/** Ms within which the process ends after it was asked to, whatever its jobs do. */
const LAST_MOMENT = 4_500;

/**
 * Serves jobs until the process is told to end (SIGTERM, SIGINT), which it then does with exit code 0.
 *
 * @throws GirderError `invalid-option`, or `io` where it cannot listen.
 */
export async function serveCommand(options: ServeOptions): Promise<void> {
  const settings = {
    memoryBudget: parseBytes(options.memoryBudget),
    bundleAttempts: wholeNumber("--bundle-attempts", options.bundleAttempts, 1, Number.MAX_SAFE_INTEGER),
    watch: { stuckAfter: duration("--stuck-after", options.stuckAfter) },
  };
  const host = hostOf(options);
  const serverOptions = {
    host,
    port: wholeNumber("--job-port", options.jobPort, 0, 65_535),
    ...(options.stagingDirectory === undefined ? {} : { stagingDirectory: options.stagingDirectory }),
    keepFinishedJobs: {
      age: duration("--keep-jobs-for", options.keepJobsFor),
      count: wholeNumber("--keep-jobs", options.keepJobs, 0, Number.MAX_SAFE_INTEGER),
    },
  };
  const lending = lendingOf(options);
  const workers = await WorkerServices.start(host);
  const server = await JobServer.start({
    ...serverOptions,
    check: (pipeline) => {
      plan(pipeline, PORTABLE_CAPABILITIES);
    },
    execute: jobExecutor(workers, settings),
    report: (line) => process.stderr.write(`${new Date().toISOString()} ${line}\n`),
  }).catch(async (thrown: unknown) => {
    await workers.close();
    throw thrown;
  });
  const lent = await lend(lending, host).catch(async (thrown: unknown) => {
    await server.close();
    await workers.close();
    throw thrown;
  });
  const stop = (): void => {
    process.off("SIGTERM", stop);
    process.off("SIGINT", stop);
    setTimeout(() => process.exit(0), LAST_MOMENT);
    void server
      .close()
      .then(() => Promise.all([workers.close(), lent?.close()]))
      .finally(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.stdout.write(`girder: job service on ${server.address}\n`);
  if (lent !== undefined) process.stdout.write(`girder: expansion service on ${lent.address}\n`);
}

interface Lending {
  readonly programs: readonly string[];
  readonly port: number;
}

function lendingOf({ expansionPort, register }: ServeOptions): Lending | undefined {
  if (expansionPort === undefined && register === undefined) return undefined;
  if (expansionPort === undefined || register === undefined) {
    throw new GirderError(
      "invalid-option",
      "An expansion service needs a port, and programs whose transforms it lends.",
      {
        where: expansionPort === undefined ? "--expansion-port" : "--register",
        remedy: "Give both: --expansion-port=8097 --register=transforms.ts.",
      },
    );
  }
  return { programs: register, port: wholeNumber("--expansion-port", expansionPort, 0, 65_535) };
}

async function lend(lending: Lending | undefined, host: string) {
  if (lending === undefined) return undefined;
  const { serveLentTransforms } = await import("./lent-transforms.js");
  return serveLentTransforms(lending.programs, host, lending.port);
}

/** Whoever reaches the port can run code, so that reaching it from elsewhere has to be asked for. */
function hostOf({ host, allowRemote = false }: ServeOptions): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  if (!allowRemote && !isLoopback(bare)) {
    throw new GirderError("invalid-option", `${host} can be reached from other machines.`, {
      where: "--host",
      remedy:
        "Whoever reaches the job service can run code on this machine as the user that runs it. Listen on 127.0.0.1 and put " +
        "something in front that knows its users, or say --allow-remote if everybody on that network may.",
    });
  }
  return bare;
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Node's timers take no more; 24 days is a number to remember. */
const MAX_DURATION = 24 * 86_400_000;

/** The ms of `90s`, `30m`, `24h` or `7d`. */
function duration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * UNITS[match[2]!]!;
  if (ms <= MAX_DURATION) return ms;
  throw new GirderError("invalid-option", `${flag}=${text} is no time of up to 24 days.`, {
    where: flag,
    remedy: "Write it as 90s, 30m, 24h or 7d.",
  });
}

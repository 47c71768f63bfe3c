/** Measures a job on a job service. */
import { GirderError } from "girder";
import { runTool } from "../../driver/run-tool.js";
import type { Endpoint } from "../../endpoint/endpoint.js";
import { startGirder } from "../../endpoint/girder.js";
import { startPrism } from "../../endpoint/prism.js";
import { logFile } from "../../endpoint/start-endpoint.js";
import type { PortableJob } from "./portable-job.js";
import { cpuSeconds, peakMemoryBytes } from "./process-usage.js";

export const PORTABLE_SUBJECTS = ["girder", "prism"] as const;
export type PortableSubject = (typeof PORTABLE_SUBJECTS)[number];

/** A row of the `--json` option. */
export interface PortableMeasurement {
  readonly job: string;
  readonly subject: PortableSubject;
  /** From the submission of the job to its end, by the client's clock. */
  readonly seconds: number;
  readonly elements: number;
  /** Of the runner's process, from its start on. */
  readonly peakMemoryBytes: number;
  /** Of the runner's process, for this one job. */
  readonly runnerCpuSeconds: number;
}

const START: Readonly<Record<PortableSubject, (log: string) => Promise<Endpoint>>> = {
  girder: startGirder,
  prism: (log) => startPrism(log),
};

/**
 * Runs a job twice on a fresh job service and measures the second run: the first has loaded and compiled what there is to.
 *
 * @throws GirderError `io` if the job fails, or the job service dies of it.
 */
export async function measure(job: PortableJob, subject: PortableSubject): Promise<PortableMeasurement> {
  const endpoint = await START[subject](logFile(`bench-${subject}`));
  try {
    const { pid } = endpoint;
    if (pid === undefined) throw new GirderError("internal", "The benchmark measures a process of its own.");
    const [command, ...args] = await job.program(endpoint.address);
    await secondsOf(command, args);
    const before = cpuSeconds(pid);
    const seconds = await secondsOf(command, args);
    if (endpoint.restarts.length > 0)
      throw new GirderError("io", "The job service died of the job.", { where: job.name });
    return {
      job: job.name,
      subject,
      seconds,
      elements: job.elements,
      peakMemoryBytes: peakMemoryBytes(pid),
      runnerCpuSeconds: Math.round((cpuSeconds(pid) - before) * 100) / 100,
    };
  } finally {
    await endpoint.stop();
  }
}

/** How long (ms) a job may take: some ten times what the slowest takes on Prism. */
const LIMIT = 600_000;

/** Runs the client's program and returns what it measured. */
async function secondsOf(command: string, args: readonly string[]): Promise<number> {
  const out = await runTool(command, args, { timeout: LIMIT });
  const line = out.split("\n").findLast((each) => each.startsWith("{"));
  const { seconds } = JSON.parse(line ?? "{}") as { readonly seconds?: number };
  if (seconds === undefined)
    throw new GirderError("malformed-data", "The client did not say how long it took.", { where: command });
  return Math.round(seconds * 1000) / 1000;
}

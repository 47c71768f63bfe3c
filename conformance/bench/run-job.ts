/** Runs one job for one subject in this process, once to warm up and once against the clock; prints what it measured. */
import { Pipeline } from "girder";
import { runEmbedded } from "../../sdk/runners/embedded/embedded.js";
import type { Job, Subject } from "./job.js";

export interface Measurement {
  readonly job: string;
  readonly subject: Subject;
  readonly seconds: number;
  readonly elements: number;
  readonly peakMemoryBytes: number;
  /** Girder's bundles, all stages together. */
  readonly bundles?: number;
  readonly result: number;
}

async function runOnce(job: Job, subject: Subject, elements: number): Promise<{ result: number; bundles?: number }> {
  if (subject === "loop") return { result: await job.loop(elements) };
  let result = 0;
  const report = (partial: number): void => {
    result += partial;
  };
  if (subject === "girder") {
    const pipeline = new Pipeline();
    job.girder(pipeline, elements, report);
    const { progress } = await runEmbedded(pipeline);
    return { result, bundles: progress.bundles };
  }
  const { loadApacheBeam, provideGlobals } = await import("./apache-beam.js");
  await provideGlobals(elements, report);
  await job.apacheBeam(loadApacheBeam());
  return { result };
}

export async function measure(job: Job, subject: Subject): Promise<Measurement> {
  const elements = subject === "apache-beam" ? job.elementsForBeam : job.elements;
  await runOnce(job, subject, elements);
  const begin = process.hrtime.bigint();
  const { result, bundles } = await runOnce(job, subject, elements);
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  return {
    job: job.name,
    subject,
    seconds,
    elements,
    peakMemoryBytes,
    result,
    ...(bundles === undefined ? {} : { bundles }),
  };
}

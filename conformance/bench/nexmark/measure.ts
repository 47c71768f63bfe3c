/** Runs one row for one subject in this process, once to warm up and once against the clock. */
import { Pipeline } from "girder";
import { runEmbedded } from "../../../sdk/runners/embedded/embedded.js";
import type { ReadyRow, Row, RowSubject } from "./row.js";

export interface RowMeasurement {
  readonly job: string;
  readonly subject: RowSubject;
  readonly seconds: number;
  /** Of the process, all threads of it: the collector's, too. Says more than `seconds` where others use the machine. */
  readonly cpuSeconds: number;
  readonly elements: number;
  readonly peakMemoryBytes: number;
  readonly result: number;
}

/** @param elements Default: as the row says. */
export async function measure(
  row: Row,
  subject: RowSubject,
  { elements = row.elements, bounded = false }: { readonly elements?: number | undefined; readonly bounded?: boolean },
): Promise<RowMeasurement> {
  const ready = row.ready(elements, bounded);
  try {
    await runOnce(ready, subject);
    const cpu = process.cpuUsage();
    const begin = process.hrtime.bigint();
    const result = await runOnce(ready, subject);
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    const { user, system } = process.cpuUsage(cpu);
    const cpuSeconds = (user + system) / 1e6;
    const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
    return { job: row.name, subject, seconds, cpuSeconds, elements, peakMemoryBytes, result };
  } finally {
    ready.close?.();
  }
}

async function runOnce(ready: ReadyRow, subject: RowSubject): Promise<number> {
  let result = 0;
  const report = (partial: number): void => {
    result += partial;
  };
  if (subject === "loop") ready.loop(report);
  else {
    const pipeline = new Pipeline();
    const end = ready.build(pipeline, report);
    await runEmbedded(pipeline, { untilAvailable: true });
    end?.();
  }
  return result;
}

/** What a process has used, as Linux tells it. */
import { readFileSync } from "node:fs";

/** Ticks in a second of the times in `/proc/PID/stat`: 100 on every Linux there is. */
const TICKS = 100;

/** The CPU seconds in the text of `/proc/PID/stat`, all threads together. Of processes that it started, none. */
export function cpuSecondsOf(stat: string): number {
  // The name, in brackets, may have spaces and brackets in it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]];
  return (Number(user) + Number(system)) / TICKS;
}

/** The peak of memory, in bytes, in the text of `/proc/PID/status`. */
export function peakMemoryOf(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

export function cpuSeconds(pid: number): number {
  return cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, "utf8"));
}

export function peakMemoryBytes(pid: number): number {
  return peakMemoryOf(readFileSync(`/proc/${pid}/status`, "utf8"));
}

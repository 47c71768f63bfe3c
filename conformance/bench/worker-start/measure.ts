/** How long workers take from when they are started to when they open their control stream. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpuSeconds } from "../portable/process-usage.js";
import type { RunnerStub } from "./runner-stub.js";
import type { OpenWay } from "./ways.js";

/** Ms. */
export interface StartTimes {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** The median of processor time until then; undefined where it cannot be seen. A busy machine changes it less. */
  readonly cpu?: number;
}

/** Starts workers, one after the other. */
export async function measureStarts(name: string, way: OpenWay, stub: RunnerStub, runs: number): Promise<StartTimes> {
  const wall: number[] = [];
  const cpu: number[] = [];
  for (let run = 0; run < runs; run++) {
    const id = `${name}-${run}`;
    const connected = stub.connected(id);
    const begin = performance.now();
    await way.start(id);
    wall.push((await connected) - begin);
    cpu.push(cpuOf(id));
    stub.release(id);
  }
  const [min, median, max] = [Math.min(...wall), medianOf(wall), Math.max(...wall)];
  return { median, min, max, ...(cpu.every((ms) => ms > 0) ? { cpu: medianOf(cpu) } : {}) };
}

/** How long Node takes alone, from start to end: no worker can be faster. */
export function measureNode(runs: number): StartTimes {
  const wall = Array.from({ length: runs }, () => {
    const begin = performance.now();
    spawnSync(process.execPath, ["--eval", ""]);
    return performance.now() - begin;
  });
  return { median: medianOf(wall), min: Math.min(...wall), max: Math.max(...wall) };
}

/** The lower of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)]!;
}

/** Ms of processor that the processes of a worker have used; 0 where they cannot be seen. */
function cpuOf(id: string): number {
  if (process.platform !== "linux") return 0;
  const flag = `--id=${id}`;
  let seconds = 0;
  for (const pid of readdirSync("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").includes(flag)) seconds += cpuSeconds(Number(pid));
    } catch {
      // It has ended meanwhile.
    }
  }
  return Math.round(seconds * 1000);
}

/** For specs that look at real processes. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

/** Whether there is such a process. One that has ended and that nobody has asked about (a zombie) is gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    // Gone meanwhile, or there is no /proc.
    return process.platform !== "linux";
  }
}

/** Waits until something is so, looking every 10 ms. @throws Error when it is not after `timeout` ms. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeout = 10_000): Promise<void> {
  for (const end = Date.now() + timeout; !(await isSo()); await wait(10)) {
    if (Date.now() > end) throw new Error(`It was not so after ${timeout} ms: ${what}`);
  }
}

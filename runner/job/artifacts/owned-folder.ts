/**
 * Temporary folders that are removed by whoever comes next, if their owner could not: a process that is killed (SIGKILL) leaves its own behind.
 *
 * The owner is in the folder's name: machine, process, and when that process began, because numbers of processes are used again.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** Where the time is, in `/proc/PID/stat`, counted from behind the process's name. */
const START_TIME = 19;

/** Machines may share a folder, and know nothing of each other's processes. */
const MACHINE = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** Makes a folder of this process in `parent`, readable for its user alone. Its name begins with `prefix`. */
export async function makeOwnedFolder(parent: string, prefix: string): Promise<string> {
  return mkdtemp(join(parent, `${prefix}${MACHINE}-${process.pid}-${startOf(process.pid) ?? 0}-`));
}

/** Removes folders of that prefix whose process is gone, as far as that can be told and done. */
export async function removeAbandonedFolders(parent: string, prefix: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const abandoned = names.filter((name) => name.startsWith(prefix) && isAbandoned(name.slice(prefix.length)));
  // Of another user there may be some as well.
  await Promise.all(abandoned.map((name) => rm(join(parent, name), { recursive: true, force: true }).catch(() => {})));
}

function isAbandoned(owner: string): boolean {
  const [, machine, pid, start] = /^([0-9a-f]{8})-(\d+)-(\d+)-\w+$/.exec(owner) ?? [];
  if (machine !== MACHINE) return false;
  return !isAlive(Number(pid)) || (startOf(Number(pid)) ?? 0) !== Number(start);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    // It is there, and somebody else's.
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process began, in ticks since the machine did; undefined where the system does not tell. */
function startOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in brackets, may have spaces and brackets in it.
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_TIME]);
  } catch {
    return undefined;
  }
}

/** Programs as process groups of their own, so that nothing of them is left: not when they are stopped, not when this process ends. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { GirderError } from "girder";

/** How a process ended: its exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals;

const running = new Set<ProcessGroup>();
let watching = false;

export class ProcessGroup {
  /** When the program has ended, and how. @throws GirderError `io` if it could not be started. */
  readonly exited: Promise<Exit>;
  private ended = false;

  private constructor(
    private readonly command: string,
    readonly child: ChildProcess,
  ) {
    this.exited = new Promise((resolve, reject) => {
      child.once("error", (cause) => {
        this.ended = true;
        reject(new GirderError("io", "A program could not be started.", { where: command, cause }));
      });
      child.once("exit", (code, signal) => {
        this.ended = true;
        resolve(code ?? signal ?? 0);
      });
    });
    // Whoever does not wait for it is told by `stop`.
    this.exited.catch(() => {});
  }

  static start(command: string, args: readonly string[], options: SpawnOptions): ProcessGroup {
    const group = new ProcessGroup(command, spawn(command, args, { ...options, detached: true }));
    running.add(group);
    watchEnd();
    return group;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Asks the program to end, and ends its whole group after `grace` ms.
   *
   * @returns The processes that it left running, as command lines: they have been ended, too.
   */
  async stop(grace: number): Promise<string[]> {
    if (this.pid === undefined) return [];
    if (!this.ended) this.child.kill("SIGTERM");
    const late = setTimeout(() => this.kill(), grace);
    await this.exited.catch(() => {});
    clearTimeout(late);
    const left = membersOf(this.pid);
    this.kill();
    return left;
  }

  /** Ends all of it at once. */
  kill(): void {
    running.delete(this);
    if (this.pid === undefined) return;
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // Nothing of it is left.
    }
  }

  toString(): string {
    return this.command;
  }
}

/** The command lines of the processes in a group that have not ended. */
function membersOf(group: number): string[] {
  if (!existsSync("/proc")) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        // The name, in brackets, may have spaces and brackets in it.
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (Number(pgrp) !== group || state === "Z") return [];
        return [`${pid} ${readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim()}`];
      } catch {
        // It has ended in the meantime.
        return [];
      }
    });
}

/** Groups do not get the signals of the terminal: they are ended with this process. */
function watchEnd(): void {
  if (watching) return;
  watching = true;
  process.once("exit", () => {
    for (const group of running) group.kill();
  });
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
}

/**
 * Programs of which nothing is left: not when they are stopped, not when this process ends.
 *
 * Each is a process group of its own, and hands a mark down to what it starts, in a variable of the environment: that is how
 * processes are found which have left the group.
 */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { GirderError } from "girder";

/** How a process ended: its exit code, or the signal that ended it. */
export type Exit = number | NodeJS.Signals;

/** The variable that holds the mark. */
const MARK = "GIRDER_CONFORMANCE_MARK";

const running = new Set<ProcessGroup>();
let watching = false;

export class ProcessGroup {
  /** When the program has ended, and how. @throws GirderError `io` if it could not be started. */
  readonly exited: Promise<Exit>;
  private ended = false;

  private constructor(
    private readonly command: string,
    readonly child: ChildProcess,
    private readonly mark: string,
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
    const mark = randomUUID();
    const env = { ...(options.env ?? process.env), [MARK]: mark };
    const group = new ProcessGroup(command, spawn(command, args, { ...options, env, detached: true }), mark);
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
    const left = this.members().map(commandLineOf);
    this.kill();
    return left;
  }

  /** Ends all of it at once. */
  kill(): void {
    running.delete(this);
    if (this.pid === undefined) return;
    for (const pid of [-this.pid, ...this.members()]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
  }

  /** The processes that have the mark and have not ended. None where the system does not tell. */
  private members(): number[] {
    if (!existsSync("/proc")) return [];
    const mark = `${MARK}=${this.mark}`;
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && textOf(name, "environ").split("\0").includes(mark))
      .map(Number);
  }

  toString(): string {
    return this.command;
  }
}

/** What the system tells of a process; nothing if it has ended, or is another user's. */
function textOf(pid: number | string, file: "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

function commandLineOf(pid: number): string {
  return `${pid} ${textOf(pid, "cmdline").replaceAll("\0", " ").trim()}`;
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

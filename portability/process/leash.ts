/**
 * Programs on a leash: they end when they are told to, and when this process ends, in whatever way, also by SIGKILL.
 *
 * ```ts
 * const worker = await leash("worker", ["--id=1"], { grace: 3_000 });
 * worker.ended.then(({ code }) => …); // It has ended by itself…
 * await worker.end(); // …or is ended, with every process it started.
 * ```
 *
 * _How:_ beside each program there is a small shell that waits for the end of a pipe of which only this process has the
 * other side (see {@link LEASH_SCRIPT}). So one mechanism serves all ends: to stop a program is to let go of its leash, and the
 * kernel lets go of it where this process cannot. There are no exit handlers that might not run.
 *
 * _What it does not reach:_ a process that made a session of its own (a daemon).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Duplex, Stream } from "node:stream";
import { GirderError, messageOf } from "../errors.js";
import { LEASH_SCRIPT } from "./leash-script.js";
import { LineSplitter } from "./line-splitter.js";

const SHELL = "/bin/sh";
/** How many of the last lines are kept, and of each so many characters. */
const KEPT_LINES = 20;
const KEPT_CHARACTERS = 500;
/** How long (ms) the outputs of a program may stay open when it has ended: somebody beyond reach may hold them. */
const OUTPUT_TIME = 250;
/** How long (ms) beyond the grace time a leash may take before the program is killed from here. */
const LEASH_TIME = 10_000;

export interface LeashOptions {
  /** How long (ms) the program and those it started have between being asked to end and being killed. */
  readonly grace: number;
  /** The program's environment. Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /**
   * A command that is run when the program has ended or its grace time is over, and once more when all is killed: it undoes
   * what the end of a process does not, such as a container that the program has started. Default: none.
   */
  readonly afterwards?: readonly string[];
  /** Whether this process may come to its end while the program runs, which ends with it. Default false: it is waited for. */
  readonly background?: boolean;
  /** Is told each line that the program writes. It must not throw. */
  readonly onLine?: (line: string, output: "stdout" | "stderr") => void;
}

/** How a program ended: with an exit code, or of a signal. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines it wrote to its standard error. */
  readonly lastWords: readonly string[];
}

export interface Leashed {
  readonly pid: number;
  /** Settles when the program has ended, whether by itself or not. What it had started may still be ending. */
  readonly ended: Promise<Ending>;
  /** Asks the program and all it started to end, kills what is left after the grace time, and settles when all is gone. */
  end(): Promise<void>;
}

/**
 * Starts a program on a leash, with the working folder of this process and without standard input.
 *
 * @throws GirderError `unsupported` where there is no POSIX shell; `io` if no process can be started.
 */
export async function leash(program: string, args: readonly string[], options: LeashOptions): Promise<Leashed> {
  if (process.platform === "win32") {
    throw new GirderError("unsupported", "Processes of workers are not started on Windows.", {
      where: program,
      remedy: "Use Girder inside WSL, or start the workers yourself in a worker pool (environment type EXTERNAL).",
    });
  }
  const { grace, env = process.env, afterwards = [] } = options;
  const numbers = [Math.ceil(grace / 100), afterwards.length].map(String);
  try {
    const child = spawn(SHELL, ["-c", LEASH_SCRIPT, "girder-leash", ...numbers, ...afterwards, program, ...args], {
      detached: true,
      env,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    await once(child, "spawn");
    return new LeashedChild(child, options);
  } catch (cause) {
    throw new GirderError("io", `No process can be started: ${messageOf(cause)}.`, {
      where: program,
      remedy: `See that ${SHELL} exists and that no limit on processes is reached.`,
      cause,
    });
  }
}

class LeashedChild implements Leashed {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  readonly #leash: Duplex;
  readonly #grace: number;
  readonly #lastWords: string[] = [];
  /** Settles when the program and, as far as the watcher reaches, all it started are gone. */
  readonly #gone: Promise<unknown>;
  #letGo = false;

  constructor(child: ChildProcess, { grace, onLine, background = false }: LeashOptions) {
    this.pid = child.pid!;
    this.#grace = grace;
    this.#leash = child.stdio[3] as Duplex;
    if (background) for (const held of [child, ...child.stdio]) (held as Partial<ChildProcess> | null)?.unref?.();
    const unheld = closed(this.#leash.resume()).then(() => {
      // Nobody watches any more. Somebody must have killed the watcher: then nothing may go on without one.
      if (!this.#letGo) this.#kill();
    });
    const outputs = (["stdout", "stderr"] as const).map((name) => {
      const lines = new LineSplitter((line) => {
        if (name === "stderr") this.#remember(line);
        onLine?.(line, name);
      });
      const output = child[name]!;
      output.on("data", (bytes: Buffer) => lines.write(bytes));
      return closed(output).then(() => lines.end());
    });
    const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    this.#gone = Promise.all([exited, unheld]);
    this.ended = exited.then(async ([code, signal]) => {
      this.#drop();
      const timer = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, OUTPUT_TIME);
      await Promise.all(outputs);
      clearTimeout(timer);
      return { code, signal, lastWords: this.#lastWords };
    });
  }

  async end(): Promise<void> {
    this.#drop();
    const timer = setTimeout(() => this.#kill(), this.#grace + LEASH_TIME);
    await this.#gone;
    clearTimeout(timer);
    await this.ended;
  }

  /** Lets go of the leash: the watcher ends all there is. */
  #drop(): void {
    if (this.#letGo) return;
    this.#letGo = true;
    this.#leash.end();
  }

  /** Kills the process group from here. */
  #kill(): void {
    this.#letGo = true;
    this.#leash.destroy();
    try {
      process.kill(-this.pid, "SIGKILL");
    } catch {
      // There is nothing left of it.
    }
  }

  #remember(line: string): void {
    this.#lastWords.push(line.length > KEPT_CHARACTERS ? `${line.slice(0, KEPT_CHARACTERS)}…` : line);
    if (this.#lastWords.length > KEPT_LINES) this.#lastWords.shift();
  }
}

/** Settles when a stream is closed, by an error or not. */
function closed(stream: Stream): Promise<void> {
  return new Promise((resolve) => {
    stream.on("error", () => undefined).once("close", () => resolve());
  });
}

/** How a program ended and what it said last, as the rest of a sentence and lines below it. */
export function describeEnding({ code, signal, lastWords }: Ending): string {
  const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
  if (lastWords.length === 0) return `ended with ${how}, without a word on its standard error`;
  return `ended with ${how}; the last it wrote to its standard error:\n${lastWords.map((line) => `  ${line}`).join("\n")}`;
}

/** Tools that set something up: pip, go, mvn. */
import { spawn } from "node:child_process";
import { GirderError } from "girder";

export interface ToolOptions {
  readonly cwd?: string;
  /** Variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long (ms) it may take. As long as it needs by default. */
  readonly timeout?: number;
}

/** How much (characters) of a failing tool's output goes into the error. */
const TAIL = 3_000;

/**
 * Runs a tool to its end and returns what it wrote to stdout.
 *
 * @throws GirderError `io` if it is not there, fails, or takes too long; with the end of what it wrote.
 */
export async function runTool(command: string, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { cwd, env = {}, timeout } = options;
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeout === undefined ? {} : { timeout }),
  });
  let stdout = "";
  let tail = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    tail = (tail + text).slice(-TAIL);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-TAIL);
  });
  const where = [command, ...args].join(" ");
  const exit = await new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", (cause) => {
      reject(
        new GirderError("io", `${command} could not be started.`, { where, cause, remedy: `Install ${command}.` }),
      );
    });
    child.once("close", (code: number | null, signal: NodeJS.Signals | null) => resolve(code ?? signal ?? 0));
  });
  if (exit !== 0) throw new GirderError("io", `${command} ended with ${exit}:\n${tail.trimEnd()}\n`, { where });
  return stdout;
}

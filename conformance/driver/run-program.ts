/** Runs a program that runs the tests of a suite, one after the other. */
import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { GirderError } from "girder";
import type { TestResult } from "../report/report.js";
import { ProcessGroup } from "./process-group.js";
import { ResultLines } from "./result-lines.js";

export interface SuiteProgram {
  /** The file descriptor that it writes results to: 3, or 1 where it lets nothing else write there. */
  readonly results: 1 | 3;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProgramOptions {
  /** The program that runs all tests but these; for what it writes see `result-lines.ts`. */
  program(leaveOut: readonly string[]): SuiteProgram;
  /** How long (seconds) a test may take by the program's own clock. */
  readonly timeout: number;
  /** The file that its other output is added to. */
  readonly log: string;
  onResult(result: TestResult): void;
}

/** Beyond the limit of a test, in ms: the time to load a suite, or to tear down what a test left. */
const GRACE = 90_000;

/**
 * Runs the tests to their end. Where the program dies or is stuck, the test that it was at has failed, and it is started again
 * for the others.
 *
 * @throws GirderError `io` if it ends before it begins a test.
 */
export async function runProgram(options: ProgramOptions): Promise<TestResult[]> {
  const results: TestResult[] = [];
  const leaveOut: string[] = [];
  for (;;) {
    const { lines, how, seconds } = await runOnce(options.program(leaveOut), options);
    results.push(...lines.results);
    leaveOut.push(...lines.results.map(({ name }) => name));
    if (lines.complete) return results;
    if (lines.running === undefined) {
      if (lines.results.length > 0) continue;
      throw new GirderError("io", `The suite's program ${how} before it began a test.`, {
        remedy: `What it wrote is in ${options.log}.`,
      });
    }
    const lost: TestResult = {
      name: lines.running,
      outcome: "failed",
      seconds,
      reason: `The program that ran the test ${how}.`,
    };
    results.push(lost);
    leaveOut.push(lost.name);
    options.onResult(lost);
  }
}

interface End {
  readonly lines: ResultLines;
  readonly how: string;
  /** Since its last line. */
  readonly seconds: number;
}

async function runOnce(program: SuiteProgram, options: ProgramOptions): Promise<End> {
  const { command, args, cwd, env, results } = program;
  const log = openSync(options.log, "a");
  const group = ProcessGroup.start(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: results === 1 ? ["ignore", "pipe", log] : ["ignore", log, log, "pipe"],
  });
  closeSync(log);
  const lines = new ResultLines();
  let stuck = false;
  let last = performance.now();
  const limit = options.timeout * 1000 + GRACE;
  const watchdog = setTimeout(() => {
    stuck = true;
    group.kill();
  }, limit);
  try {
    for await (const line of createInterface({ input: group.child.stdio[results] as Readable })) {
      watchdog.refresh();
      last = performance.now();
      const result = lines.add(line);
      if (result !== undefined) options.onResult(result);
    }
    const exit = await group.exited;
    const seconds = Math.round(performance.now() - last) / 1000;
    return { lines, how: stuck ? `did nothing for ${limit / 1000} s and was ended` : `ended with ${exit}`, seconds };
  } finally {
    clearTimeout(watchdog);
    group.kill();
  }
}

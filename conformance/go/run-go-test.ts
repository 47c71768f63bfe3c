/** Runs one test of a Go test program. */
import { appendFileSync } from "node:fs";
import { messageOf } from "../../portability/errors.js";
import { ProcessGroup } from "../driver/process-group.js";
import type { TestResult } from "../report/report.js";
import { drainJob } from "./drain-job.js";
import { parseGoTest } from "./parse-go-test.js";

export interface GoTestOptions {
  readonly endpoint: string;
  /** Seconds. */
  readonly timeout: number;
  readonly log: string;
}

/** Beyond the limit that the test's own process keeps, in ms. */
const GRACE = 20_000;

/** Tests of jobs that end because they are drained. */
const DRAINED: ReadonlySet<string> = new Set(["TestDrain"]);

export async function runGoTest(program: string, name: string, options: GoTestOptions): Promise<TestResult> {
  const { endpoint, timeout, log } = options;
  const begun = performance.now();
  const group = ProcessGroup.start(
    "go",
    [
      ...["tool", "test2json", program, "-test.v=test2json", `-test.run=^${name}$`, `-test.timeout=${timeout}s`],
      ...["--runner=universal", `--endpoint=${endpoint}`, "--environment_type=LOOPBACK"],
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const late = setTimeout(() => group.kill(), timeout * 1000 + GRACE);
  let events = "";
  const { stdout, stderr } = group.child;
  stdout?.setEncoding("utf8").on("data", (text: string) => {
    events += text;
  });
  stderr?.setEncoding("utf8").on("data", (text: string) => appendFileSync(log, text));
  const closed = new Promise((resolve) => group.child.once("close", resolve));
  const ended = new AbortController();
  if (DRAINED.has(name)) {
    drainJob(endpoint, `go-${name.toLowerCase()}-`, ended.signal).catch((thrown) =>
      appendFileSync(log, `drain: ${messageOf(thrown)}\n`),
    );
  }
  await group.exited;
  ended.abort();
  await closed;
  clearTimeout(late);
  group.kill();
  appendFileSync(log, events);
  return parseGoTest(name, events, Math.round(performance.now() - begun) / 1000);
}

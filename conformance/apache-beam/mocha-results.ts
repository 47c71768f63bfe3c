/** Runs a file of tests with mocha, and says how each came out. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../portability/errors.js";
import { runTool } from "../driver/run-tool.js";
import type { TestResult } from "../report/report.js";
import { ROOT } from "../root.js";
import type { TestFile } from "./programs.js";

interface MochaTest {
  readonly fullTitle: string;
  readonly duration?: number;
  readonly err: { readonly message?: string };
}

interface MochaReport {
  readonly passes: readonly MochaTest[];
  readonly failures: readonly MochaTest[];
  readonly pending: readonly MochaTest[];
}

/** The official tests run what their direct runner cannot only where they are told that there is another one. */
const ENVIRONMENT = { BEAM_SERVICE_OVERRIDES: "{}" };

/**
 * The results of the tests in a file; those that are not run are skipped, under the names that they are listed by.
 *
 * @param python The interpreter that executes Python's transforms. @param timeout Seconds that the file may take.
 */
export async function mochaResults(
  file: string,
  tests: TestFile,
  python: string,
  timeout: number,
): Promise<TestResult[]> {
  const output = `${file}.json`;
  rmSync(output, { force: true });
  const left = Object.keys(tests.notRun).map((name) => `^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`);
  const args = [
    ...[join(ROOT, "node_modules/mocha/bin/mocha.js"), "--no-config", "--exit", "--timeout", "20000"],
    ...["--reporter", "json", "--reporter-option", `output=${output}`],
    ...(left.length === 0 ? [] : ["--grep", left.join("|"), "--invert"]),
    file,
  ];
  let failure = "";
  try {
    await runTool(process.execPath, args, { env: { ...ENVIRONMENT, GIRDER_PYTHON: python }, timeout: timeout * 1000 });
  } catch (thrown) {
    failure = messageOf(thrown);
  }
  if (!existsSync(output)) return [{ name: `${tests.title}: loads`, outcome: "failed", seconds: 0, reason: failure }];
  const { passes, failures, pending } = JSON.parse(readFileSync(output, "utf8")) as MochaReport;
  const result = (test: MochaTest, outcome: TestResult["outcome"]): TestResult => ({
    name: `${tests.title}: ${test.fullTitle}`,
    outcome,
    seconds: (test.duration ?? 0) / 1000,
    reason: outcome === "skipped" ? "skipped by the official package" : (test.err.message ?? ""),
  });
  return [
    ...passes.map((test) => result(test, "passed")),
    ...failures.map((test) => result(test, "failed")),
    ...pending.map((test) => result(test, "skipped")),
    ...Object.entries(tests.notRun).map(([name, reason]): TestResult => {
      return { name: `${tests.title}: ${name}`, outcome: "skipped", seconds: 0, reason };
    }),
  ];
}

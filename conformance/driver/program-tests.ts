/** Suites whose tests are programs of ours: each is run by itself, and passes unless it fails. */
import { appendFileSync } from "node:fs";
import { messageOf } from "../../portability/errors.js";
import type { TestResult } from "../report/report.js";
import type { DriverOptions } from "./driver-options.js";
import type { SuiteRun } from "./suite.js";

/** A test. What it throws is why it fails. */
export interface ProgramTest {
  readonly name: string;
  /** @param timeout ms that its programs may take. */
  run(endpoint: string, timeout: number): Promise<void>;
}

/** Runs the tests that the options choose, one after the other. */
export async function runProgramTests(
  tests: readonly ProgramTest[],
  endpoint: string,
  { only, timeout }: DriverOptions,
  { names, log, onResult }: SuiteRun,
): Promise<TestResult[]> {
  const results: TestResult[] = [];
  for (const test of tests) {
    const { name } = test;
    const isChosen = names === undefined ? (only?.test(name) ?? true) : names.includes(name);
    if (!isChosen) continue;
    const begun = performance.now();
    let reason = "";
    try {
      await test.run(endpoint, timeout * 1000);
    } catch (thrown) {
      reason = messageOf(thrown);
      appendFileSync(log, `${name}\n${reason}\n\n`);
    }
    const seconds = Math.round(performance.now() - begun) / 1000;
    const result: TestResult = { name, outcome: reason === "" ? "passed" : "failed", seconds, reason, categories: [] };
    results.push(result);
    onResult(result);
  }
  return results;
}

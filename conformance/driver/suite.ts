/** What the suites of the SDKs have in common. */
import type { TestResult } from "../report/report.js";
import type { DriverOptions, EnvironmentName } from "./driver-options.js";

export type SuiteName = "python" | "go" | "java" | "clients" | "load" | "apache-beam";

/** A suite that is set up. */
export interface ReadySuite {
  /** Versions of the SDK and what it runs on. */
  readonly versions: Readonly<Record<string, string>>;
  /** Runs the tests that `options` choose against the job service at `endpoint`. */
  run(endpoint: string, run: SuiteRun): Promise<TestResult[]>;
}

export interface SuiteRun {
  /** The file that what the tests write is added to. */
  readonly log: string;
  /** Only these tests, one after the other. All that the options choose if absent. */
  readonly names?: readonly string[];
  onResult(result: TestResult): void;
}

export interface Suite {
  readonly name: SuiteName;
  /** The names of its parts, which `--part` chooses from. Empty where it has none. */
  readonly parts: readonly string[];
  /** Where its functions can run. */
  readonly environments: readonly EnvironmentName[];
  /** Seconds that a test may take, unless `--timeout` says otherwise. */
  readonly timeout: number;
  /** Whether it has `--pre-optimize` and `--streaming`. */
  readonly tunable: boolean;
  /** Downloads and builds what the suite needs, where that was not done before. */
  setUp(options: DriverOptions): Promise<ReadySuite>;
}

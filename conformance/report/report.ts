/** What a run of a suite comes to. */

export type Outcome = "passed" | "failed" | "skipped";

export interface TestResult {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** Why it failed or was skipped; empty where it passed. */
  readonly reason: string;
  /** What it is a test of, by the suite's own names: it is counted under each. */
  readonly categories?: readonly string[];
}

/** What the `--json` option writes. */
export interface Report {
  /** `girder-typescript`, `python`, `go` or `java`. */
  readonly suite: string;
  /** Who executed the pipelines: `embedded`, `girder`, `prism`, `python` (its job service) or `flink`. */
  readonly subject: string;
  /** Versions of what is tested and what it runs on, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** In which way it was run, where there are several: the kind of environment, and options that are not the usual ones. */
  readonly variant?: readonly string[];
  /** The day it was run, `2026-11-23`. */
  readonly date?: string;
  /** How often the subject's process ended by itself and was started again. */
  readonly restarts?: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly tests: readonly TestResult[];
}

export type Counts = Readonly<Record<Outcome, number>>;

/** How many tests have each outcome. */
export function countOf(tests: Iterable<TestResult>): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of tests) counts[outcome]++;
  return counts;
}

/** What a test is counted under: its categories, or what stands before the colon of its name. */
export function categoriesOf({ name, categories }: TestResult): readonly string[] {
  return categories ?? [name.slice(0, Math.max(0, name.indexOf(":")))];
}

/** Results by category, in the order in which categories first occur. */
export function byCategory(tests: Iterable<TestResult>): ReadonlyMap<string, readonly TestResult[]> {
  const of = new Map<string, TestResult[]>();
  for (const test of tests) {
    for (const category of categoriesOf(test)) {
      const group = of.get(category);
      if (group === undefined) of.set(category, [test]);
      else group.push(test);
    }
  }
  return of;
}

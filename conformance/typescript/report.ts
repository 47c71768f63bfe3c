/** Reports of suites, as people read them. */
import type { Report, TestResult } from "./run-suite.js";

/** What came out otherwise than was known: failures that are new, and known ones that have passed. */
export function surprises({ tests }: Report, knownFailures: readonly string[]): TestResult[] {
  return tests.filter(
    ({ name, outcome }) => outcome !== "skipped" && (outcome === "failed") !== knownFailures.includes(name),
  );
}

interface Row {
  readonly category: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Numbers of outcomes by category, in the order of the tests, and in all. */
function rowsOf({ tests }: Report): Row[] {
  const count = (category: string, of: readonly TestResult[]): Row => {
    const number = (outcome: TestResult["outcome"]): number => of.filter((test) => test.outcome === outcome).length;
    return { category, passed: number("passed"), failed: number("failed"), skipped: number("skipped") };
  };
  const categoryOf = ({ name }: TestResult): string => name.slice(0, name.indexOf(":"));
  const categories = [...new Set(tests.map(categoryOf))];
  return [
    ...categories.map((category) =>
      count(
        category,
        tests.filter((test) => categoryOf(test) === category),
      ),
    ),
    count("all", tests),
  ];
}

/** A table by category, below it each failure with its reason. */
export function reportText(report: Report): string {
  const rows = rowsOf(report);
  const width = Math.max(...rows.map(({ category }) => category.length));
  const line = (category: string, ...cells: readonly (string | number)[]): string =>
    [category.padEnd(width), ...cells.map((cell) => String(cell).padStart(8))].join("");
  const table = rows.map(({ category, passed, failed, skipped }) => line(category, passed, failed, skipped));
  const failures = report.tests
    .filter(({ outcome }) => outcome === "failed")
    .map(({ name, reason }) => `\n${name}\n  ${reason.replaceAll("\n", "\n  ")}`);
  return [line("category", "passed", "failed", "skipped"), ...table, ...failures].join("\n");
}

/**
 * `SCOREBOARD.md` for a report.
 *
 * @param month When the suite was run, `2026-11`.
 */
export function scoreboard(report: Report, month: string): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    "# Conformance",
    "",
    "Written by `npm run conformance -- typescript --write-scoreboard`. The suite is `conformance/typescript`: Beam's rules as",
    "pipelines that assert about themselves, in the categories of Beam's Java suite. Known failures are listed in",
    "`conformance/typescript/known-failures.json`.",
    "",
    `Subject: ${report.subject} runner (${versions.join(", ")}), ${month}.`,
    "",
    "| category | passed | failed | skipped |",
    "|---|---:|---:|---:|",
    ...rowsOf(report).map(
      ({ category, passed, failed, skipped }) => `| ${category} | ${passed} | ${failed} | ${skipped} |`,
    ),
    "",
  ].join("\n");
}

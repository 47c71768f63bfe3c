/** `SCOREBOARD.md`, of the reports that are kept in `conformance/results`. */
import { SUBJECT_TITLES, SUBJECTS } from "../endpoint/endpoint.js";
import { byCategory, type Counts, countOf, type Report, type TestResult } from "./report.js";
import { SUITE_ROWS, type SuiteRow } from "./suite-rows.js";

/** The name of our own suite. */
const OWN = "girder-typescript";

/** Columns, and which subjects of reports stand in them. */
const COLUMNS = SUBJECTS.map((name) => ({
  title: SUBJECT_TITLES[name],
  subjects: name === "girder" ? ["girder", "embedded"] : [name as string],
}));

/** The page. The same reports give the same page. */
export function scoreboard(reports: readonly Report[]): string {
  return [
    "# Conformance",
    "",
    "Written by `npm run conformance -- SUITE --write-scoreboard`, of the results in `conformance/results`. What the suites are and how",
    "they are run is in [docs/conformance.md](../docs/conformance.md). A cell says how many tests passed, failed and were",
    "skipped; what is known to fail on Girder, and why, is in `known-failures.json` beside each suite.",
    "",
    ...table(
      ["suite", ...COLUMNS.map(({ title }) => title)],
      SUITE_ROWS.map((row) => [row.title, ...COLUMNS.map(({ subjects }) => cell(row, subjects, reports))]),
    ),
    "",
    "## Versions and days",
    "",
    ...table(["suite", "subject", "versions", "day", "the subject died"], reports.map(versionRow)),
    ...categories(OWN, "Our own suite, by category", reports),
    ...categories("java", "Java's suite, by category", reports),
    "",
  ].join("\n");
}

function cell({ suite, variant, of }: SuiteRow, subjects: readonly string[], reports: readonly Report[]): string {
  const report = reports.find(
    (each) => each.suite === suite && subjects.includes(each.subject) && (each.variant ?? []).join() === variant.join(),
  );
  const tests = report?.tests.filter((test) => of(test)) ?? [];
  return tests.length === 0 ? "–" : countText(countOf(tests));
}

const countText = ({ passed, failed, skipped }: Counts): string => `${passed} / ${failed} / ${skipped}`;

function versionRow({ suite, variant = [], subject, versions, date, restarts = 0 }: Report): string[] {
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const died = restarts === 0 ? "–" : `${restarts}×`;
  return [[suite, ...variant].join(" "), subject, all.join(", "), date ?? "–", died];
}

/** Counts by category, where there are reports of the suite. A test counts under each of its categories. */
function categories(suite: string, title: string, reports: readonly Report[]): string[] {
  const of = COLUMNS.flatMap(({ title: column, subjects }) => {
    const report = reports.find((each) => each.suite === suite && subjects.includes(each.subject));
    return report === undefined ? [] : [{ column, groups: byCategory(report.tests) }];
  });
  const names = [...new Set(of.flatMap(({ groups }) => [...groups.keys()]))];
  if (names.length === 0) return [];
  const counted = (tests: readonly TestResult[] | undefined): string =>
    tests === undefined ? "–" : countText(countOf(tests));
  return [
    "",
    `## ${title}`,
    "",
    ...table(
      ["category", ...of.map(({ column }) => column)],
      names.map((name) => [name, ...of.map(({ groups }) => counted(groups.get(name)))]),
    ),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---|").join("")}`, ...rows.map(line)];
}

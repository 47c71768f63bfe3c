/** Reports, as people read them. */
import { byCategory, type Counts, countOf, type Report } from "./report.js";

/** At most this much of a reason is printed: the whole of it is in the JSON. */
const LINES = 12;

/** A table by category, below it each failure with its reason. */
export function reportText(report: Report): string {
  const rows: (readonly [string, Counts])[] = [
    ...Array.from(byCategory(report.tests), ([category, tests]) => [category, countOf(tests)] as const),
    ["all", report],
  ];
  const width = Math.max(...rows.map(([category]) => category.length), "category".length);
  const line = (category: string, ...cells: readonly (string | number)[]): string =>
    [category.padEnd(width), ...cells.map((cell) => String(cell).padStart(8))].join("");
  const table = rows.map(([category, { passed, failed, skipped }]) => line(category, passed, failed, skipped));
  const failures = report.tests
    .filter(({ outcome }) => outcome === "failed")
    .map(({ name, reason }) => `\n${name}\n  ${shortened(reason).replaceAll("\n", "\n  ")}`);
  return [line("category", "passed", "failed", "skipped"), ...table, ...failures].join("\n");
}

function shortened(reason: string): string {
  const lines = reason.split("\n");
  return lines.length <= LINES ? reason : [...lines.slice(0, LINES - 1), "…"].join("\n");
}

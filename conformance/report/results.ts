/** `conformance/results`: the last report of each suite, variant and subject, which the scoreboard is made of. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../root.js";
import type { Report } from "./report.js";

const FOLDER = join(ROOT, "conformance", "results");

/** Where this is on this machine, which is nobody else's business. */
const HERE = `${pathToFileURL(ROOT).href}/`;

/** At most this much of a reason is kept, in characters. */
const REASON = 160;

/** Keeps a report in place of an earlier one of the same suite, variant and subject. */
export function writeResult(report: Report): void {
  const { suite, variant = [], subject } = report;
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${[suite, ...variant, subject].join("-").toLowerCase()}.json`), resultText(report));
}

/** All of them. */
export function readResults(): Report[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Report);
}

/** A report as it is kept: a line for each test, with the beginning of its reason. */
export function resultText({ tests, ...head }: Report): string {
  const lines = tests.map(({ reason, ...test }) => {
    const [first = ""] = reason.replaceAll(HERE, "").split("\n");
    const kept = first.length <= REASON ? first : `${first.slice(0, REASON - 1)}…`;
    return `    ${JSON.stringify({ ...test, reason: kept })}`;
  });
  const start = JSON.stringify(head, undefined, 2).replace(/\n\}$/, "");
  return `${start},\n  "tests": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

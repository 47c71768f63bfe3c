/** `npm run conformance -- typescript [--only NAME] [--json FILE] [--write-scoreboard]`. */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { embeddedSubject } from "./embedded-subject.js";
import { TESTS } from "./index.js";
import { reportText, scoreboard, surprises } from "./report.js";
import { nameOf, runSuite } from "./run-suite.js";

/** The project's folder, from where this runs: below dist. */
const ROOT = resolve(import.meta.dirname, "../../..");

/** Names of tests that are known to fail. */
export function knownFailures(): readonly string[] {
  return JSON.parse(readFileSync(resolve(ROOT, "conformance/typescript/known-failures.json"), "utf8")) as string[];
}

/** Runs the suite; the exit code of the process is 1 where a result differs from the known failures. */
export async function typescriptCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      json: { type: "string" },
      "write-scoreboard": { type: "boolean", default: false },
    },
  });
  const { only, json } = values;
  const tests = TESTS.filter((test) => only === undefined || nameOf(test).includes(only));
  if (tests.length === 0) {
    console.error(`No test is called like "${only}".`);
    return 2;
  }
  const report = await runSuite(tests, embeddedSubject());
  console.log(reportText(report));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (values["write-scoreboard"]) {
    if (only !== undefined) {
      console.error("--write-scoreboard takes the whole suite: leave --only out.");
      return 2;
    }
    writeFileSync(resolve(ROOT, "conformance/SCOREBOARD.md"), scoreboard(report, new Date().toISOString().slice(0, 7)));
  }
  const unexpected = surprises(report, knownFailures());
  for (const { name, outcome } of unexpected) console.error(`${name}: ${outcome}, which is not what is known.`);
  return unexpected.length === 0 ? 0 : 1;
}

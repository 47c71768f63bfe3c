/** `npm run conformance -- typescript [--only NAME] [--json FILE] [--write-scoreboard]`. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { surprises } from "../report/known-failures.js";
import { knownFailures } from "../report/known-failures-file.js";
import { reportText } from "../report/report-text.js";
import { writeResult } from "../report/results.js";
import { writeScoreboard } from "../report/write-scoreboard.js";
import { embeddedSubject } from "./embedded-subject.js";
import { TESTS } from "./index.js";
import { nameOf, runSuite } from "./run-suite.js";

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
    writeResult({ ...report, date: new Date().toISOString().slice(0, 10) });
    writeScoreboard();
  }
  const unexpected = surprises(report, { known: knownFailures("typescript"), complete: only === undefined });
  for (const { name, what } of unexpected) console.error(`${name} ${what}.`);
  return unexpected.length === 0 ? 0 : 1;
}

/**
 * `npm run conformance -- typescript [--runner embedded|portable] [--subject NAME] [--endpoint H:P|NAME] [--only NAME] [--json FILE]
 * [--write-scoreboard] [--write-known-failures]`. `--endpoint prism` is the job service of that subject, which is started.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GirderError } from "girder";
import { disturbedTests, type Ended } from "../driver/disturbed.js";
import { SUBJECTS } from "../endpoint/endpoint.js";
import { givenEndpoint, logFile, startEndpoint } from "../endpoint/start-endpoint.js";
import { foreignSurprises, surprises, updated } from "../report/known-failures.js";
import { type ForeignSubject, knownFailures, writeKnownFailures } from "../report/known-failures-file.js";
import { countOf, type Outcome, type Report, type TestResult } from "../report/report.js";
import { reportText } from "../report/report-text.js";
import { writeResult } from "../report/results.js";
import { writeScoreboard } from "../report/write-scoreboard.js";
import type { ConformanceTest } from "./conformance-test.js";
import { embeddedSubject } from "./embedded-subject.js";
import { TESTS } from "./index.js";
import { portableSubject } from "./portable-subject.js";
import { nameOf, runSuite, type Subject } from "./run-suite.js";

/** Where the suite is run, as the options say. */
interface Run {
  readonly subject: Subject;
  /** When its process ended by itself and was started again, by `performance.now()`. */
  readonly restarts: readonly number[];
  readonly stop: () => Promise<unknown>;
}

/** Runs the suite; the exit code of the process is 1 where a result differs from the known failures. */
export async function typescriptCommand(args: readonly string[]): Promise<number> {
  try {
    return await runCommand(args);
  } catch (thrown) {
    console.error(thrown instanceof GirderError ? thrown.message : thrown);
    return 2;
  }
}

async function subjectOf(runner: string, name: string, address: string | undefined, timeout: number): Promise<Run> {
  if (runner === "embedded") return { subject: embeddedSubject(), restarts: [], stop: async () => undefined };
  if (runner !== "portable") {
    throw new GirderError("invalid-option", `--runner is ${runner}.`, { remedy: "Use embedded or portable." });
  }
  const known = SUBJECTS.find((each) => each === name);
  if (known === undefined) {
    throw new GirderError("invalid-option", `--subject is ${name}.`, { remedy: `Use one of: ${SUBJECTS.join(", ")}.` });
  }
  const log = logFile(`typescript-${name}-server`);
  const endpoint = address === undefined ? await startEndpoint(known, log) : givenEndpoint(address);
  console.error(`typescript on ${name} at ${endpoint.address}`);
  const { restarts } = endpoint;
  return { subject: portableSubject(known, endpoint, timeout), restarts, stop: () => endpoint.stop() };
}

/** Runs the tests, and those that failed while the job service was down once more, by themselves. */
async function runDisturbed(
  tests: readonly ConformanceTest[],
  subject: Subject,
  restarts: readonly number[],
): Promise<Report> {
  const ended: Ended[] = [];
  const report = await runSuite(tests, subject, (result) => {
    ended.push({ result, at: performance.now() });
    printResult(result);
  });
  const names = disturbedTests(ended, restarts);
  if (names.length === 0) return report;
  console.error(`${names.length} failed while the job service was down, and are run again by themselves.`);
  const again = await runSuite(
    tests.filter((test) => names.includes(nameOf(test))),
    subject,
    printResult,
  );
  const better = new Map(again.tests.map((result) => [result.name, result]));
  const results = report.tests.map((test) => better.get(test.name) ?? test);
  return { ...report, restarts: restarts.length, ...countOf(results), tests: results };
}

function printResult({ name, outcome, seconds }: TestResult): void {
  console.error(`${outcome.padEnd(8)}${seconds.toFixed(1).padStart(6)} s  ${name}`);
}

async function runCommand(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runner: { type: "string" },
      subject: { type: "string", default: "girder" },
      endpoint: { type: "string" },
      timeout: { type: "string", default: "60" },
      only: { type: "string" },
      json: { type: "string" },
      "write-scoreboard": { type: "boolean", default: false },
      "write-known-failures": { type: "boolean", default: false },
    },
  });
  const { only, json } = values;
  const named = SUBJECTS.find((each) => each === values.endpoint);
  const [subjectName, address] = named === undefined ? [values.subject, values.endpoint] : [named, undefined];
  const tests = TESTS.filter((test) => only === undefined || nameOf(test).includes(only));
  if (tests.length === 0) {
    console.error(`No test is called like "${only}".`);
    return 2;
  }
  const isElsewhere = values.endpoint !== undefined || subjectName !== "girder";
  const runner = values.runner ?? (isElsewhere ? "portable" : "embedded");
  const { subject, restarts, stop } = await subjectOf(runner, subjectName, address, Number(values.timeout));
  const report = await (runner === "portable"
    ? runDisturbed(tests, subject, restarts)
    : runSuite(tests, subject)
  ).finally(stop);
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
  const foreign = subject.isForeign === true ? (subject.name as ForeignSubject) : undefined;
  const known = knownFailures("typescript", foreign);
  if (values["write-known-failures"]) {
    const outcomes: readonly Outcome[] = foreign === undefined ? ["failed"] : ["failed", "skipped"];
    writeKnownFailures("typescript", updated(report, known, ["LOOPBACK"], outcomes), foreign);
  }
  const expectation = { known, complete: only === undefined };
  const unexpected = foreign === undefined ? surprises(report, expectation) : foreignSurprises(report, expectation);
  for (const { name, what } of unexpected) console.error(`${name} ${what}.`);
  return unexpected.length === 0 ? 0 : 1;
}

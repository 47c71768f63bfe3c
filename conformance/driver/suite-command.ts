/** `npm run conformance -- python|go|java [OPTION…]`: an SDK's own tests, against a job service. */
import { writeFileSync } from "node:fs";
import { GirderError } from "girder";
import { messageOf } from "../../portability/errors.js";
import type { Endpoint } from "../endpoint/endpoint.js";
import { givenEndpoint, logFile, startEndpoint } from "../endpoint/start-endpoint.js";
import { surprises, updated } from "../report/known-failures.js";
import { knownFailures, writeKnownFailures } from "../report/known-failures-file.js";
import { countOf, type Report, type TestResult } from "../report/report.js";
import { reportText } from "../report/report-text.js";
import { writeResult } from "../report/results.js";
import { writeScoreboard } from "../report/write-scoreboard.js";
import { disturbedTests, type Ended } from "./disturbed.js";
import { type DriverOptions, parseDriverOptions, USUAL_VARIANT, variantOf } from "./driver-options.js";
import type { ReadySuite, Suite } from "./suite.js";

/**
 * Sets the suite up, starts the subject's job service unless one is given, runs the tests, and reports.
 *
 * @returns The exit code: 1 where a result differs from the known failures or the job service misbehaved, 2 where nothing could
 * be run.
 */
export async function suiteCommand(suite: Suite, args: readonly string[]): Promise<number> {
  try {
    const options = checked(suite, parseDriverOptions(args, suite.timeout));
    const { report, trouble } = await runSuite(suite, options);
    console.log(`\n${reportText(report)}`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
    const usual = variantOf(options).join() === USUAL_VARIANT.join();
    const complete = usual && options.only === undefined && options.part === undefined;
    if (options.writeScoreboard) {
      writeResult(report);
      writeScoreboard();
    }
    const unexpected = options.subject === "girder" ? compare(suite, report, options, complete) : [];
    for (const line of [...trouble, ...unexpected]) console.error(line);
    if (options.subject !== "girder")
      console.error(`What is known to fail is listed for Girder, not for ${options.subject}.`);
    return trouble.length + unexpected.length === 0 ? 0 : 1;
  } catch (thrown) {
    console.error(thrown instanceof GirderError ? thrown.message : thrown);
    return 2;
  }
}

/** @throws GirderError `invalid-option` for options that do not go together. */
function checked(suite: Suite, options: DriverOptions): DriverOptions {
  const { part, only, writeScoreboard: scoreboard, environment } = options;
  if (part !== undefined && !suite.parts.includes(part)) {
    const remedy = suite.parts.length === 0 ? "Leave it out." : `Use one of: ${suite.parts.join(", ")}.`;
    throw new GirderError("invalid-option", `The ${suite.name} suite has no part ${part}.`, { remedy });
  }
  if (!suite.environments.includes(environment)) {
    throw new GirderError("invalid-option", `The ${suite.name} suite is not run with --environment ${environment}.`, {
      remedy: `Use one of: ${suite.environments.join(", ")}.`,
    });
  }
  if (!suite.tunable && (options.preOptimize !== undefined || options.streaming)) {
    throw new GirderError("invalid-option", `--pre-optimize and --streaming are options of the Python suite.`);
  }
  if (scoreboard && (part !== undefined || only !== undefined)) {
    throw new GirderError("invalid-option", "The scoreboard is of whole suites.", {
      remedy: "Leave --only and --part out.",
    });
  }
  return options;
}

async function runSuite(suite: Suite, options: DriverOptions): Promise<{ report: Report; trouble: string[] }> {
  const ready = await suite.setUp(options);
  const variant = variantOf(options);
  const name = [suite.name, ...variant, options.subject].join("-").toLowerCase();
  const log = logFile(name);
  const serverLog = logFile(`${name}-server`);
  const endpoint =
    options.endpoint === undefined ? await startEndpoint(options.subject, serverLog) : givenEndpoint(options.endpoint);
  console.error(`${suite.name} on ${options.subject} at ${endpoint.address}; the tests write to ${log}`);
  let tests: TestResult[];
  let trouble: string[];
  try {
    tests = await runTests(ready, endpoint, log);
  } finally {
    trouble = await troubleOf(endpoint, options);
  }
  if (tests.length === 0) throw new GirderError("invalid-option", "No test has such a name.", { where: "--only" });
  const report: Report = {
    suite: suite.name,
    subject: options.subject,
    versions: { ...endpoint.versions, ...ready.versions },
    variant,
    date: new Date().toISOString().slice(0, 10),
    restarts: endpoint.restarts.length,
    ...countOf(tests),
    tests,
  };
  return { report, trouble };
}

/** Runs the tests; those that failed while the job service was down once more, by themselves. */
async function runTests(suite: ReadySuite, endpoint: Endpoint, log: string): Promise<TestResult[]> {
  const ended: Ended[] = [];
  const onResult = (result: TestResult): void => {
    ended.push({ result, at: performance.now() });
    printResult(result);
  };
  const tests = await suite.run(endpoint.address, { log, onResult });
  const names = disturbedTests(ended, endpoint.restarts);
  if (names.length === 0) return tests;
  console.error(`${names.length} failed while the job service was down, and are run again by themselves.`);
  const again = await suite.run(endpoint.address, { log, names, onResult: printResult });
  const better = new Map(again.map((result) => [result.name, result]));
  return tests.map((test) => better.get(test.name) ?? test);
}

/** What was wrong with the job service itself. Of the peers it is of no interest how they end. */
async function troubleOf(endpoint: Endpoint, { subject }: DriverOptions): Promise<string[]> {
  const end = await endpoint.stop().catch((thrown: unknown) => [messageOf(thrown)]);
  if (subject !== "girder") return [];
  const restarts = endpoint.restarts.length;
  const died = restarts === 0 ? [] : [`The job service died, ${restarts === 1 ? "once" : `${restarts} times`}.`];
  return [...died, ...end];
}

function printResult({ name, outcome, seconds }: TestResult): void {
  console.error(`${outcome.padEnd(8)}${seconds.toFixed(1).padStart(6)} s  ${name}`);
}

function compare(suite: Suite, report: Report, options: DriverOptions, complete: boolean): string[] {
  const known = knownFailures(suite.name);
  if (options.writeKnownFailures) writeKnownFailures(suite.name, updated(report, known, USUAL_VARIANT));
  return surprises(report, { known, complete }).map(({ name, what }) => `${name} ${what}.`);
}

/** Runs the suite against a subject. */
import { isDeepStrictEqual } from "node:util";
import { GirderError, type Root } from "girder";
import { messageOf } from "../../portability/errors.js";
import type { MetricKey, MetricsContainer } from "../../portability/metrics/index.js";
import { describeDifference, difference } from "../../sdk/testing/compare.js";
import { countOf, type Report, type TestResult } from "../report/report.js";
import type { ConformanceTest, ExpectedMetric } from "./conformance-test.js";

/** Where pipelines of this SDK can be run. */
export interface Subject {
  readonly name: string;
  /** Versions of what is tested and what it runs on, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** In which way pipelines are run, where there are several. Default: the only one. */
  readonly variant?: readonly string[];
  /** Whether the runner is not ours: what it says that it does not support is passed over. */
  readonly isForeign?: boolean;
  /** Whether it was the runner that failed a job, because it does not support what the pipeline asks for. Default: never. */
  readonly refused?: (thrown: unknown) => boolean;
  /** Builds a pipeline, runs it to its end and checks that all its assertions were made. Throws GirderErrors. */
  run(build: (root: Root) => unknown): Promise<MetricsContainer>;
}

/** The name of a test in reports: `Category: name`. */
export function nameOf({ category, name }: ConformanceTest): string {
  return `${category}: ${name}`;
}

/** Runs the tests one after the other. */
export async function runSuite(
  tests: readonly ConformanceTest[],
  subject: Subject,
  onResult: (result: TestResult) => void = () => undefined,
): Promise<Report> {
  const results: TestResult[] = [];
  for (const test of tests) {
    const name = nameOf(test);
    const begun = performance.now();
    const ending = await endingOf(test, subject);
    const seconds = Math.round(performance.now() - begun) / 1000;
    const result = { name, seconds, ...ending };
    results.push(result);
    onResult(result);
  }
  return {
    suite: "girder-typescript",
    subject: subject.name,
    versions: subject.versions,
    ...(subject.variant === undefined ? {} : { variant: subject.variant }),
    ...countOf(results),
    tests: results,
  };
}

type Ending = Pick<TestResult, "outcome" | "reason">;

const PASSED: Ending = { outcome: "passed", reason: "" };
const failed = (reason: string): Ending => ({ outcome: "failed", reason });

async function endingOf(test: ConformanceTest, subject: Subject): Promise<Ending> {
  let metrics: MetricsContainer;
  try {
    metrics = await subject.run((root) => test.build(root));
  } catch (thrown) {
    return endingWith(thrown, test, subject);
  }
  if (test.failure !== undefined) return failed(`The job had to fail with ${test.failure.code}, and did not.`);
  const reason = test.metrics?.map((metric) => metricFailure(metric, metrics)).find((failure) => failure !== undefined);
  return reason === undefined ? PASSED : failed(reason);
}

/** What it means that a test's job was refused or failed. */
function endingWith(thrown: unknown, { failure }: ConformanceTest, { isForeign = false, refused }: Subject): Ending {
  const code = thrown instanceof GirderError ? thrown.code : undefined;
  if (failure !== undefined && code === failure.code && failure.message.test(messageOf(thrown))) return PASSED;
  if (isForeign && refused?.(thrown) === true) return { outcome: "skipped", reason: messageOf(thrown) };
  if (failure === undefined) return failed(messageOf(thrown));
  return failed(
    `The job had to fail with ${failure.code} and ${failure.message}, and failed otherwise: ${messageOf(thrown)}`,
  );
}

function metricFailure({ step, name, kind, result }: ExpectedMetric, metrics: MetricsContainer): string | undefined {
  const key: MetricKey = { step, name, kind, namespace: "girder" };
  const found = [...metrics.entries()].find((entry) => isDeepStrictEqual({ ...entry.key }, key));
  if (found === undefined) return `There is no ${kind} "${name}" of step "${step}".`;
  const differing = difference([plainResult(found.cell)], [result]);
  return differing && `The ${kind} "${name}" of step "${step}":\n${describeDifference(differing)}`;
}

type Cell = ReturnType<MetricsContainer["entries"]> extends Iterable<{ readonly cell: infer C }> ? C : never;

/** A metric's result as {@link ExpectedMetric} has it. */
function plainResult(cell: Cell): unknown {
  switch (cell.kind) {
    case "gauge":
      return cell.result()?.value;
    case "string-set":
      return [...cell.result()].sort();
    case "bounded-trie":
      return cell
        .result()
        .map(({ segments, truncated }) => `${segments.join("/")}${truncated ? "…" : ""}`)
        .sort();
    default:
      return cell.result();
  }
}

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
  /** Builds a pipeline, runs it to its end and checks that all its assertions were made. Throws GirderErrors. */
  run(build: (root: Root) => unknown): Promise<MetricsContainer>;
}

/** The name of a test in reports: `Category: name`. */
export function nameOf({ category, name }: ConformanceTest): string {
  return `${category}: ${name}`;
}

/** Runs the tests one after the other. */
export async function runSuite(tests: readonly ConformanceTest[], subject: Subject): Promise<Report> {
  const results: TestResult[] = [];
  for (const test of tests) {
    const name = nameOf(test);
    const begun = performance.now();
    const reason = await failureOf(test, subject);
    const seconds = Math.round(performance.now() - begun) / 1000;
    results.push({ name, outcome: reason === undefined ? "passed" : "failed", seconds, reason: reason ?? "" });
  }
  return {
    suite: "girder-typescript",
    subject: subject.name,
    versions: subject.versions,
    ...countOf(results),
    tests: results,
  };
}

/** Why a test fails; undefined if it passes. */
async function failureOf(test: ConformanceTest, subject: Subject): Promise<string | undefined> {
  let metrics: MetricsContainer;
  try {
    metrics = await subject.run((root) => test.build(root));
  } catch (thrown) {
    if (test.failure === undefined) return messageOf(thrown);
    const { code, message } = test.failure;
    if (thrown instanceof GirderError && thrown.code === code && message.test(thrown.message)) return undefined;
    return `The job had to fail with ${code} and ${message}, and failed otherwise: ${messageOf(thrown)}`;
  }
  if (test.failure !== undefined) return `The job had to fail with ${test.failure.code}, and did not.`;
  return test.metrics?.map((metric) => metricFailure(metric, metrics)).find((failure) => failure !== undefined);
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

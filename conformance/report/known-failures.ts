/**
 * What is known to fail, and why: `known-failures.json` of a suite, for Girder as its subject, and `known-failures-SUBJECT.json` for
 * another's runner, with what that says itself.
 */
import type { Outcome, Report } from "./report.js";

/** Tests that fail for one reason. */
export interface KnownFailure {
  readonly reason: string;
  /** What another's runner says of it, in its own words. Absent where it says nothing, and comes to another result. */
  readonly says?: string;
  /** Names of tests, in order. */
  readonly tests: readonly string[];
  /** They fail only in runs with one of these in their variant. In every run if absent. */
  readonly when?: readonly string[];
  /** They fail in some runs and pass in others, by chance: that they pass is nothing new. */
  readonly sometimes?: true;
}

/** Something that came out otherwise than was known. */
export interface Surprise {
  readonly name: string;
  readonly what: string;
}

/** What a run is compared with, and whether it was of the whole suite. */
export interface Expectation {
  readonly known: readonly KnownFailure[];
  /** Whether every test was run, so that names which are not among the results are of no test. */
  readonly complete: boolean;
}

/** The beginning of the reason of failures that nobody has looked into. */
export const UNEXPLAINED = "Not explained yet";

function holds({ when }: KnownFailure, { variant = [] }: Report): boolean {
  return when === undefined || when.some((each) => variant.includes(each));
}

/** New failures, known ones that have passed, and known ones that are no test of the suite any more. */
export function surprises(report: Report, { known, complete }: Expectation): Surprise[] {
  const here = known.filter((each) => holds(each, report));
  const failing = new Set(here.flatMap(({ tests }) => tests));
  const passing = new Set(here.filter(({ sometimes }) => sometimes).flatMap(({ tests }) => tests));
  const names = new Set(report.tests.map(({ name }) => name));
  return [
    ...report.tests.flatMap(({ name, outcome }) => {
      if (outcome === "failed" && !failing.has(name)) return [{ name, what: "failed, which is not known" }];
      const isNews = outcome === "passed" && failing.has(name) && !passing.has(name);
      return isNews ? [{ name, what: "passed, and is listed as a known failure" }] : [];
    }),
    ...(complete ? [...failing].filter((name) => !names.has(name)) : []).map((name) => ({
      name,
      what: "is listed as a known failure, and there is no such test",
    })),
  ];
}

/**
 * What came out otherwise than is known of a runner that is not ours: beside failures, what it refuses is known, too.
 */
export function foreignSurprises(report: Report, expectation: Expectation): Surprise[] {
  const known = new Set(expectation.known.flatMap(({ tests }) => tests));
  const refused = report.tests.filter(({ name, outcome }) => outcome === "skipped" && !known.has(name));
  return [
    ...surprises(report, expectation),
    ...refused.map(({ name }) => ({ name, what: "is refused by the runner, which is not known" })),
  ];
}

/**
 * The list brought up to date: without the tests that passed, and with the new failures, which wait for an explanation.
 *
 * @param usual What is in the variant of an ordinary run: failures are not bound to it.
 * @param of Outcomes that come onto the list. Default: failures.
 */
export function updated(
  report: Report,
  known: readonly KnownFailure[],
  usual: readonly string[],
  of: readonly Outcome[] = ["failed"],
): KnownFailure[] {
  const passed = new Set(report.tests.filter(({ outcome }) => outcome === "passed").map(({ name }) => name));
  const kept = known
    .map((each) =>
      holds(each, report) && !each.sometimes
        ? { ...each, tests: each.tests.filter((name) => !passed.has(name)) }
        : each,
    )
    .filter(({ tests }) => tests.length > 0);
  const listed = new Set(kept.filter((each) => holds(each, report)).flatMap(({ tests }) => tests));
  const unusual = (report.variant ?? []).filter((each) => !usual.includes(each));
  const added = new Map<string, string[]>();
  for (const { name, outcome, reason } of report.tests) {
    if (!of.includes(outcome) || listed.has(name)) continue;
    const [line = ""] = reason.split("\n");
    const why = `${UNEXPLAINED}: ${line.slice(0, 200)}`;
    added.set(why, [...(added.get(why) ?? []), name]);
  }
  return [
    ...kept,
    ...Array.from(added, ([reason, tests]) => ({ reason, tests, ...(unusual.length === 0 ? {} : { when: unusual }) })),
  ];
}

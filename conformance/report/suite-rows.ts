/** The rows of the scoreboard. */
import { EVENT_TIME_CATEGORIES } from "../java/categories.js";
import {
  DRAIN,
  FN_RUNNER,
  LIFTED,
  SHARED,
  STRICT_TRANSCRIPTS,
  VALIDATES_RUNNER,
  WEAK_TRANSCRIPTS,
} from "../python/categories.js";
import { categoriesOf, type TestResult } from "./report.js";

/** A row: the tests of a suite, run in one variant, that it counts. */
export interface SuiteRow {
  readonly title: string;
  readonly suite: string;
  readonly variant: readonly string[];
  of(test: TestResult): boolean;
}

const has = (test: TestResult, ...names: readonly string[]): boolean =>
  categoriesOf(test).some((category) => names.includes(category));

const python = (title: string, category: string, variant: readonly string[]): SuiteRow => ({
  title: `Python: ${title}`,
  suite: "python",
  variant,
  of: (test) => has(test, category),
});

const go = (title: string, primitives: boolean): SuiteRow => ({
  title: `Go: ${title}`,
  suite: "go",
  variant: ["LOOPBACK"],
  of: (test) => has(test, "Primitives") === primitives,
});

const java = (title: string, eventTime: boolean): SuiteRow => ({
  title: `Java: ${title}`,
  suite: "java",
  variant: ["LOOPBACK"],
  of: (test) => has(test, ...EVENT_TIME_CATEGORIES) === eventTime,
});

export const SUITE_ROWS: readonly SuiteRow[] = [
  { title: "Girder's own, on the embedded runner", suite: "girder-typescript", variant: [], of: () => true },
  { title: "the same, on job services, LOOPBACK", suite: "girder-typescript", variant: ["LOOPBACK"], of: () => true },
  {
    title: "npm `apache-beam`'s own programs on `girder/apache-beam`",
    suite: "apache-beam",
    variant: ["LOOPBACK"],
    of: () => true,
  },
  python("cases of `fn_runner_test`, LOOPBACK", FN_RUNNER, ["LOOPBACK"]),
  python("the same, those that Beam skips", LIFTED, ["LOOPBACK"]),
  python("the same, of jobs that are drained", DRAIN, ["LOOPBACK"]),
  python("a slow bundle is shared by two", SHARED, ["LOOPBACK"]),
  python("cases of `fn_runner_test`, EXTERNAL", FN_RUNNER, ["EXTERNAL"]),
  python("cases of `fn_runner_test`, PROCESS", FN_RUNNER, ["PROCESS"]),
  python("cases of `fn_runner_test`, `pre_optimize=none`", FN_RUNNER, ["LOOPBACK", "pre-optimize-none"]),
  python("cases of `fn_runner_test`, `--streaming`", FN_RUNNER, ["LOOPBACK", "streaming"]),
  python("`it_validatesrunner`", VALIDATES_RUNNER, ["LOOPBACK"]),
  python("trigger transcripts of `trigger_test`, in any order", WEAK_TRANSCRIPTS, ["LOOPBACK"]),
  python("the same, in strict order", STRICT_TRANSCRIPTS, ["LOOPBACK"]),
  go("primitives", true),
  go("primitives with TestStream, timers, panes, triggers or drain", false),
  java("`ValidatesRunner`", false),
  java("`ValidatesRunner` with event time in its own hands", true),
];

/** Tests that failed while the job service was down: it may have been another's fault. */
import type { TestResult } from "../report/report.js";

/** How long (ms) before a test began the job service may have ended and still be missing. */
const COMING_UP = 5_000;
/** How long (ms) after a test failed the job service may still have been ending. */
const GOING_DOWN = 5_000;

/** A result, and when it came (ms, by the clock that restarts are noted by). */
export interface Ended {
  readonly result: TestResult;
  readonly at: number;
}

/** Names of the tests that failed, and about whose time the job service ended. */
export function disturbedTests(all: readonly Ended[], restarts: readonly number[]): string[] {
  return all
    .filter(({ result, at }) => {
      const begun = at - result.seconds * 1000 - COMING_UP;
      return result.outcome === "failed" && restarts.some((time) => time >= begun && time <= at + GOING_DOWN);
    })
    .map(({ result }) => result.name);
}

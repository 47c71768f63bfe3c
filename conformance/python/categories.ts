/** What tests of the Python suites are counted under, by their names. */
export const FN_RUNNER = "fn_runner_test";
export const LIFTED = "fn_runner_test, skips lifted";
export const DRAIN = "fn_runner_test, drained from the beginning";
export const SHARED = "slow bundles are shared";
export const VALIDATES_RUNNER = "it_validatesrunner";

/** The category of a test `Class::test`. The first four classes are our own, in `fn_runner_cases.py`. */
export function categoryOf(name: string): string {
  if (name.startsWith("FnRunnerCases::")) return FN_RUNNER;
  if (name.startsWith("DrainCases::")) return DRAIN;
  if (name.startsWith("StragglerCases::")) return SHARED;
  return name.startsWith("LiftedCases::") ? LIFTED : VALIDATES_RUNNER;
}

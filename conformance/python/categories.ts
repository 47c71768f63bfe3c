/** What tests of the Python suites are counted under, by their names. */
export const FN_RUNNER = "fn_runner_test";
export const LIFTED = "fn_runner_test, skips lifted";
export const DRAIN = "fn_runner_test, drained from the beginning";
export const SHARED = "slow bundles are shared";
export const VALIDATES_RUNNER = "it_validatesrunner";
export const WEAK_TRANSCRIPTS = "trigger_test, transcripts in any order";
export const STRICT_TRANSCRIPTS = "trigger_test, transcripts in strict order";

const OF_OUR_CLASSES: Readonly<Record<string, string>> = {
  FnRunnerCases: FN_RUNNER,
  LiftedCases: LIFTED,
  DrainCases: DRAIN,
  StragglerCases: SHARED,
  WeakTranscripts: WEAK_TRANSCRIPTS,
  StrictTranscripts: STRICT_TRANSCRIPTS,
};

/** The category of a test `Class::test`, by its class: one of our own, in `fn_runner_cases.py` and `trigger_cases.py`, or Beam's. */
export function categoryOf(name: string): string {
  const [className = ""] = name.split("::");
  return OF_OUR_CLASSES[className] ?? VALIDATES_RUNNER;
}

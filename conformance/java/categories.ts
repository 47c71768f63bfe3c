/** What Java's tests are tests of: the categories of JUnit that they are marked with. */

/** On every test of the suite. */
const ON_ALL = ["NeedsRunner", "ValidatesRunner"];

/** The category of tests that have no other. */
export const BASIC = "Basic";

/** What a test is counted under, of the categories that it is marked with. */
export function categoriesOfTest(marked: readonly string[]): readonly string[] {
  const telling = marked.filter((name) => !ON_ALL.includes(name));
  return telling.length === 0 ? [BASIC] : telling;
}

/**
 * Categories of tests that need event time to stand still, to move as told, or to be waited for: TestStream, timers,
 * unbounded PCollections, and what fires at a window's end.
 */
export const EVENT_TIME_CATEGORIES: readonly string[] = [
  "UsesTestStream",
  "UsesTimersInParDo",
  "UsesUnboundedPCollections",
  "UsesOnWindowExpiration",
  "UsesRequiresTimeSortedInput",
  "UsesTriggeredSideInputs",
];

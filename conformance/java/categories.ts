/** What Java's tests are tests of: the categories of JUnit that they are marked with. */

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

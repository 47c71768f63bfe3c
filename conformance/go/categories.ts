/** What the Go SDK's tests of primitives are tests of, by their names. */

/**
 * Those that need event time to stand still or move as told are counted apart: all tests of TestStream, panes and triggers
 * are pipelines with a TestStream.
 */
const EVENT_TIME: readonly (readonly [RegExp, string])[] = [
  [/^TestTestStream/, "TestStream"],
  [/^TestTimers/, "Timers"],
  [/^TestPanes$/, "Panes"],
  [/^TestTrigger/, "Triggers"],
  [/^TestDrain$/, "Drain"],
];

/** The category of a test: `Primitives` unless it is about event time. */
export function categoryOf(name: string): string {
  return EVENT_TIME.find(([pattern]) => pattern.test(name))?.[1] ?? "Primitives";
}

/** Where windows begin, for the loops that the queries are compared with. */
import type { Instant } from "girder";

export function fixedStart(at: Instant, size: number): Instant {
  return at - (at % size);
}

/** The beginnings of the sliding windows that hold an instant. */
export function slidingStarts(
  at: Instant,
  { windowSize, windowPeriod }: { readonly windowSize: number; readonly windowPeriod: number },
): Instant[] {
  const starts: Instant[] = [];
  for (let start = fixedStart(at, windowPeriod); start > at - windowSize; start -= windowPeriod) starts.push(start);
  return starts;
}

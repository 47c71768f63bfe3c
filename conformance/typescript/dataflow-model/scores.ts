/**
 * The scores that the chapters on time of "Streaming Systems" are about, and how they come. The data is that of the book's companion
 * code (github.com/takidau/streamingbook, Apache-2.0). Two events happened a little beside where the book has them, 7 at 12:02:24 and 9
 * at 12:01:25, so that sessions of a minute meet.
 */
import { type TestStream, testStream } from "girder/testing";

/** An instant, `hh:mm:ss` of the first day there is, in ms. */
export function at(clock: string): number {
  return Date.parse(`1970-01-01T${clock}Z`);
}

/** A score, and when it was made. */
export type Score = readonly [points: number, made: string];

/** All that is known when the day is over. */
export const ALL_SCORES: readonly Score[] = [
  [5, "12:00:26"],
  [7, "12:02:26"],
  [3, "12:03:39"],
  [4, "12:04:19"],
  [8, "12:03:06"],
  [3, "12:06:39"],
  [9, "12:01:26"],
  [8, "12:07:26"],
  [1, "12:07:46"],
];

/**
 * How the watermark comes: not before the end; when nothing before it is missing any more; or as somebody guesses, who does not
 * know of 9.
 */
export type WatermarkKind = "NONE" | "PERFECT" | "HEURISTIC";

/** What happens, with the instant of processing time or event time at which it is. `only` in streams of one kind. */
type Event = (
  | { readonly clock: string }
  | { readonly watermark: string }
  | { readonly points: number; readonly made: string }
) & { readonly only?: WatermarkKind | "SIX" };

const EVENTS: readonly Event[] = [
  { watermark: "12:00:00" },
  { clock: "12:04:59" },
  { points: 5, made: "12:00:26" },
  { clock: "12:05:39" },
  { points: 7, made: "12:02:24" },
  { clock: "12:06:00" },
  { watermark: "12:02:00", only: "HEURISTIC" },
  { clock: "12:06:13" },
  { points: 3, made: "12:03:39" },
  { clock: "12:06:39" },
  { points: 4, made: "12:04:19" },
  { points: 6, made: "12:00:53", only: "SIX" },
  { clock: "12:07:06" },
  { points: 8, made: "12:03:06" },
  { clock: "12:07:19" },
  { points: 3, made: "12:06:39" },
  { clock: "12:07:30" },
  { watermark: "12:04:00", only: "HEURISTIC" },
  { clock: "12:07:40", only: "HEURISTIC" },
  { watermark: "12:06:00", only: "HEURISTIC" },
  { clock: "12:08:19" },
  { points: 9, made: "12:01:25" },
  { clock: "12:08:39" },
  { watermark: "12:02:00", only: "PERFECT" },
  { points: 8, made: "12:07:26" },
  { clock: "12:09:00" },
  { points: 1, made: "12:07:46" },
  { watermark: "12:04:00", only: "PERFECT" },
  { clock: "12:09:10", only: "PERFECT" },
  { watermark: "12:06:00", only: "PERFECT" },
  { clock: "12:09:20", only: "PERFECT" },
  { watermark: "12:08:00", only: "PERFECT" },
  { clock: "12:09:30" },
  { watermark: "12:08:30", only: "HEURISTIC" },
  { clock: "12:10:00" },
];

/** The scores as they come. @param six With a score of 6 that comes late, but not too late. */
export function scoresAsTheyCome(kind: WatermarkKind, six = false): TestStream<number> {
  let stream = testStream<number>();
  let now = at("12:00:00");
  for (const event of EVENTS) {
    if (event.only !== undefined && event.only !== kind && !(six && event.only === "SIX")) continue;
    if ("watermark" in event) stream = stream.advanceWatermark(at(event.watermark));
    else if ("made" in event) stream = stream.add(at(event.made), event.points);
    else {
      stream = stream.advanceProcessingTime(at(event.clock) - now);
      now = at(event.clock);
    }
  }
  return stream;
}

/**
 * The scores that the chapters on time of "Streaming Systems" are about, and how they come. The data is that of the book's companion
 * code (github.com/takidau/streamingbook, Apache-2.0). Two events happened a little beside where the book has them, 7 at 12:02:24 and 9
 * at 12:01:25, so that sessions of a minute meet.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestStream, testStream } from "girder/testing";
import { ROOT } from "../../root.js";

/** An instant, `hh:mm:ss` of the first day there is, in ms. */
export function at(clock: string): number {
  return Date.parse(`1970-01-01T${clock}Z`);
}

interface Score {
  readonly points: number;
  /** When it was made, `hh:mm:ss`. */
  readonly made: string;
}

/**
 * How the watermark comes: not before the end; when nothing before it is missing any more; or as somebody guesses, who does not
 * know of 9.
 */
export type WatermarkKind = "NONE" | "PERFECT" | "HEURISTIC";

/** What happens, with the instant of processing time or event time at which it is. `only` in streams of one kind. */
type Event = ({ readonly clock: string } | { readonly watermark: string } | Score) & {
  readonly only?: WatermarkKind | "SIX";
};

const { all, events } = JSON.parse(readFileSync(join(ROOT, "examples/data/scores.json"), "utf8")) as {
  readonly all: readonly Score[];
  readonly events: readonly Event[];
};

/** All that is known when the day is over. */
export const ALL_SCORES = all;

/** The scores as they come. @param six With a score of 6 that comes late, but not too late. */
export function scoresAsTheyCome(kind: WatermarkKind, six = false): TestStream<number> {
  let stream = testStream<number>();
  let now = at("12:00:00");
  for (const event of events) {
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

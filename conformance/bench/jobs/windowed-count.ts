import { assignTimestamps, combinePerKey, fixedWindows, generateSequence, sum, windowInto } from "girder";
import type { Job } from "../job.js";
import { counted, countsByWindow, timestampOf, WINDOW } from "./data.js";

/** Elements of 1,000 keys, counted by key in windows of a minute. */
export const windowedCountJob: Job = {
  name: "windowed-count",
  elements: 30_000_000,
  elementsForBeam: 300_000,
  loop(elements) {
    let total = 0;
    for (const counts of countsByWindow(elements).values()) for (const value of counts.values()) total += value;
    return total;
  },
  girder(pipeline, elements, report) {
    pipeline
      .apply(generateSequence({ to: elements }))
      .apply(assignTimestamps(timestampOf))
      .map(counted)
      .apply(windowInto(fixedWindows(WINDOW)))
      .apply(combinePerKey(sum))
      .map(({ value }) => report(value));
  },
  async apacheBeam(beam) {
    await beam["directRunner"]().run((root: never) =>
      beam["sequence"](root)
        .apply(beam["assignTimestamps"]((i: number) => globalThis.bench.timestamp(i)))
        .map((i: number) => globalThis.bench.data.counted(i))
        .apply(beam["windowInto"](beam["fixedWindows"](WINDOW / 1000)))
        .apply(beam["groupBy"]("key").combining("value", beam["sum"], "sum"))
        .map((row: { sum: number }) => globalThis.bench.report(row.sum)),
    );
  },
};

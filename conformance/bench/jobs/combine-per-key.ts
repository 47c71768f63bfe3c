import { combinePerKey, generateSequence, sum } from "girder";
import type { Job } from "../job.js";
import { keyed } from "./data.js";

/** The sum of the values of each of 10,000 keys. */
export const combinePerKeyJob: Job = {
  name: "combine-per-key",
  elements: 12_000_000,
  elementsForBeam: 500_000,
  loop(elements) {
    const sums = new Map<string, number>();
    for (let i = 0; i < elements; i++) {
      const { key, value } = keyed(i);
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
    let total = 0;
    for (const value of sums.values()) total += value;
    return total;
  },
  girder(pipeline, elements, report) {
    pipeline
      .apply(generateSequence({ to: elements }))
      .map(keyed)
      .apply(combinePerKey(sum))
      .map(({ value }) => report(value));
  },
  async apacheBeam(beam) {
    await beam["directRunner"]().run((root: never) =>
      beam["sequence"](root)
        .map((i: number) => globalThis.bench.data.keyed(i))
        .apply(beam["groupBy"]("key").combining("value", beam["sum"], "sum"))
        .map((row: { sum: number }) => globalThis.bench.report(row.sum)),
    );
  },
};

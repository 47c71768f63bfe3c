import { generateSequence, groupByKey } from "girder";
import type { Job } from "../job.js";
import { keyed } from "./data.js";

/** Values of 10,000 keys, grouped; then the sizes of the groups. */
export const groupByKeyJob: Job = {
  name: "group-by-key",
  elements: 6_000_000,
  elementsForBeam: 500_000,
  loop(elements) {
    const groups = new Map<string, number[]>();
    for (let i = 0; i < elements; i++) {
      const { key, value } = keyed(i);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [value]);
      else group.push(value);
    }
    let total = 0;
    for (const group of groups.values()) total += group.length;
    return total;
  },
  girder(pipeline, elements, report) {
    pipeline
      .apply(generateSequence({ to: elements }))
      .map(keyed)
      .apply(groupByKey())
      .map(({ value }) => report((value as number[]).length));
  },
  async apacheBeam(beam) {
    await beam["directRunner"]().run((root: never) =>
      beam["sequence"](root)
        .map((i: number) => globalThis.bench.data.keyed(i))
        .apply(beam["groupBy"]("key"))
        .map((row: { value: number[] }) => globalThis.bench.size(row)),
    );
  },
};

import { createReadStream } from "node:fs";
import { combinePerKey, count } from "girder";
import { readFromText } from "girder/io/textio";
import type { Job } from "../job.js";
import { wordsOf } from "./data.js";
import { textFile } from "./text.js";

/** Words of a generated text of at least 50 MB, counted. */
export const wordcountJob: Job = {
  name: "wordcount",
  elements: 7_000_000,
  elementsForBeam: 700_000,
  async loop(elements) {
    const counts = new Map<string, number>();
    let rest = "";
    for await (const chunk of createReadStream(textFile(elements), { encoding: "utf8", highWaterMark: 1 << 16 })) {
      const lines = (rest + (chunk as string)).split("\n");
      rest = lines.pop()!;
      for (const line of lines) for (const word of wordsOf(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    for (const word of wordsOf(rest)) counts.set(word, (counts.get(word) ?? 0) + 1);
    let total = 0;
    for (const value of counts.values()) total += value;
    return total;
  },
  girder(pipeline, elements, report) {
    pipeline
      .apply(readFromText(textFile(elements)))
      .flatMap(wordsOf)
      .map((word) => ({ key: word, value: 1 }))
      .apply(combinePerKey(count))
      .map(({ value }) => report(value));
  },
  async apacheBeam(beam) {
    await beam["directRunner"]().run((root: never) =>
      beam["lines"](root)
        .flatMap((line: string) => globalThis.bench.data.wordsOf(line))
        .map((word: string) => ({ word, one: 1 }))
        .apply(beam["groupBy"]("word").combining("one", beam["sum"], "count"))
        .map((row: { count: number }) => globalThis.bench.report(row.count)),
    );
  },
};

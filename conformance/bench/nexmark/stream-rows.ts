/** Rows for streams: windows that are counted, and state by key. */
import { countPerKey, fixedWindows, type KV, MAX_TIMESTAMP, type Pipeline, read, valueState, windowInto } from "girder";
import { counted, countsByWindow, timestampOf, WINDOW } from "../jobs/data.js";
import type { Row } from "./row.js";

const MILLION = 1_000_000;
/** Elements of a key after which its count is output. */
const EVERY = 1000;

/** Numbers from 0 on with keys, at their times. */
function numbers(pipeline: Pipeline, elements: number, bounded: boolean) {
  const parts = (desired: number): { from: number; to: number }[] => {
    const bound = (i: number): number => Math.floor((elements * i) / (bounded ? desired : 1));
    return Array.from({ length: bounded ? desired : 1 }, (_, i) => ({ from: bound(i), to: bound(i + 1) }));
  };
  return pipeline.apply(
    read({
      bounded,
      split: parts,
      open({ from, to }, mark: number | undefined) {
        let at = (mark ?? from) - 1;
        return {
          start: () => ++at < to,
          advance() {
            if (at + 1 >= to) return false;
            at++;
            return true;
          },
          current: (): KV<number, number> => counted(at),
          timestamp: () => timestampOf(at),
          watermark: () => (at + 1 >= to ? MAX_TIMESTAMP : timestampOf(at + 1)),
          checkpoint: () => at + 1,
          backlog: () => to - at - 1,
        };
      },
    }),
  );
}

export const STREAM_ROWS: readonly Row[] = [
  {
    name: "windowed-count",
    what: "1,000 keys, counted in windows of a minute",
    elements: 10 * MILLION,
    target: 2 * MILLION,
    ready: (elements, bounded) => ({
      loop(report) {
        for (const counts of countsByWindow(elements).values()) for (const [key, count] of counts) report(key * count);
      },
      build(pipeline, report) {
        numbers(pipeline, elements, bounded)
          .apply(windowInto(fixedWindows(WINDOW)))
          .apply(countPerKey())
          .map("Report", ({ key, value }) => report(key * value));
        return undefined;
      },
    }),
  },
  {
    name: "stateful",
    what: "a count of each of 1,000 keys, in state",
    elements: 5 * MILLION,
    target: MILLION,
    ready: (elements, bounded) => ({
      loop(report) {
        const counts = new Map<number, number>();
        for (let i = 0; i < elements; i++) {
          const { key } = counted(i);
          const count = (counts.get(key) ?? 0) + 1;
          counts.set(key, count);
          if (count % EVERY === 0) report(key + count);
        }
      },
      build(pipeline, report) {
        numbers(pipeline, elements, bounded)
          .flatMap(
            "Count",
            ({ key }, { seen }) => {
              const count = (seen.read() ?? 0) + 1;
              seen.write(count);
              return count % EVERY === 0 ? [key + count] : undefined;
            },
            { seen: valueState<number>("seen") },
          )
          .map("Report", report);
        return undefined;
      },
    }),
  },
];

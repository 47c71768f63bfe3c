/** A row for each query of Nexmark. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { read } from "girder";
import { configuration } from "../../nexmark/configuration.js";
import { EventSource } from "../../nexmark/event-source.js";
import { eventsOf, watermarkAt } from "../../nexmark/generator.js";
import { QUERIES } from "../../nexmark/queries/index.js";
import type { NexmarkQuery } from "../../nexmark/query.js";
import type { ReadyRow, Row } from "./row.js";

const MILLION = 1_000_000;

/** Events of each query, where a million take too long or are over too soon. */
const EVENTS: Readonly<Record<string, number>> = {};

const TARGETS: Readonly<Record<string, number>> = {
  q0: 2 * MILLION,
  q1: 2 * MILLION,
  q2: 2 * MILLION,
  q3: 300_000,
  q5: 400_000,
  q8: 300_000,
};

export const QUERY_ROWS: readonly Row[] = QUERIES.map((query): Row => {
  const target = TARGETS[query.name];
  return {
    name: query.name,
    what: query.asks,
    elements: EVENTS[query.name] ?? MILLION,
    ...(target === undefined ? {} : { target }),
    ready: (elements, bounded) => readyQuery(query, elements, bounded),
  };
});

function readyQuery(query: NexmarkQuery, elements: number, bounded: boolean): ReadyRow {
  const logFolder = mkdtempSync(join(tmpdir(), "girder-bench-"));
  const config = configuration({ events: elements, logFolder });
  const events = eventsOf(config);
  const { settled } = query;
  /** Reports results one by one; all at once in the end where it is only then known what counts. */
  const reporting = (report: (partial: number) => void) => {
    if (settled === undefined) return { each: (result: unknown) => report(query.digest(result)), end: () => {} };
    const all: unknown[] = [];
    const end = (): void => {
      for (const result of settled(all)) report(numberOf(result));
    };
    return { each: (result: unknown) => void all.push(result), end };
  };
  return {
    loop(report) {
      const { each, end } = reporting(report);
      query.loop(events, config, each);
      end();
    },
    build(pipeline, report) {
      const { each, end } = reporting(report);
      const source = new EventSource({
        events: elements,
        eventAt: (position) => events[position]!,
        watermarkAt: (position) => watermarkAt(config, position),
        bounded,
      });
      query.build(pipeline.apply(read(source)), config).map("Report", each);
      return end;
    },
    close: () => rmSync(logFolder, { recursive: true }),
  };
}

/** A number that tells whether two settled results are the same. */
function numberOf(result: unknown): number {
  let sum = 0;
  for (const value of Object.values(result as object))
    if (typeof value === "number") sum = (sum * 31 + value) % 2 ** 40;
  return sum;
}

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assignTimestamps, create, type PCollection, Pipeline, type Root, read } from "girder";
import { runEmbedded } from "../../sdk/runners/embedded/embedded.js";
import { collect } from "../../sdk/testing/collect-array.js";
import { configuration, type NexmarkConfiguration } from "./configuration.js";
import { EventSource } from "./event-source.js";
import { eventsOf, watermarkAt } from "./generator.js";
import type { Event } from "./model.js";
import { QUERIES } from "./queries/index.js";
import type { NexmarkQuery } from "./query.js";

const folder = mkdtempSync(join(tmpdir(), "girder-nexmark-"));

/** A second of events, of which windows last a fifth. */
const IN_ORDER = configuration({
  events: 4_000,
  delayMicros: 250,
  windowSize: 200,
  windowPeriod: 100,
  inFlightAuctions: 20,
  activePeople: 40,
  auctionSkip: 3,
  hotAuctionRatio: 1,
  hotSellerRatio: 1,
  logFolder: folder,
});
/** Of other ids, where some auctions are hot: Java's random numbers of seeds that follow each other are alike. */
const OUT_OF_ORDER: NexmarkConfiguration = {
  ...IN_ORDER,
  firstEventId: 4_000,
  outOfOrderGroupSize: 60,
  hotAuctionRatio: 2,
};

const SOURCES: Readonly<
  Record<string, (root: Root, config: NexmarkConfiguration, events: Event[]) => PCollection<Event>>
> = {
  "a batch": (root, _, events) => root.apply(create(events)).apply(assignTimestamps(({ dateTime }) => dateTime)),
  "a stream": (root, config, events) => {
    const source = new EventSource({
      events: config.events,
      eventAt: (position) => events[position]!,
      watermarkAt: (position) => watermarkAt(config, position),
      bounded: false,
    });
    return root.apply(read(source));
  },
};

/** The results of a pipeline. */
async function run<R>(
  query: NexmarkQuery<R>,
  config: NexmarkConfiguration,
  source: (root: Root) => PCollection<Event>,
  bundle: number,
): Promise<R[]> {
  const pipeline = new Pipeline();
  const results = collect(
    query.build(
      pipeline.apply((root) => source(root)),
      config,
    ),
  );
  await runEmbedded(pipeline, { untilAvailable: true, maxBundleElements: bundle });
  return results;
}

/** The results of the loop. */
function expected<R>(query: NexmarkQuery<R>, config: NexmarkConfiguration, events: readonly Event[]): R[] {
  const results: R[] = [];
  query.loop(
    events.toSorted((a, b) => a.dateTime - b.dateTime),
    config,
    (result) => results.push(result),
  );
  return results;
}

/** What must be equal, in an order. */
function comparable<R>({ settled }: NexmarkQuery<R>, results: readonly R[]): string[] {
  return (settled?.(results) ?? results).map((result) => JSON.stringify(result)).sort();
}

after(() => rmSync(folder, { recursive: true }));

describe("the queries of Nexmark", () => {
  for (const query of QUERIES) {
    for (const [kind, config] of [
      ["in order", IN_ORDER],
      ["out of order", OUT_OF_ORDER],
    ] as const) {
      const events = eventsOf(config);
      for (const [name, source] of Object.entries(SOURCES)) {
        it(`${query.name} (${query.asks}) of ${name} ${kind} are what a loop comes to`, async () => {
          const results = await run(query, config, (root) => source(root, config, events), 500);
          const loops = expected(query, config, events);
          assert.ok(loops.length >= 5, `only ${loops.length} results`);
          assert.deepEqual(comparable(query, results), comparable(query, loops));
        });
      }
    }
  }
});

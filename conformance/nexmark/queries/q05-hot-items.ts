import { type CombineFn, combineGlobally, countPerElement, type KV, slidingWindows, windowInto } from "girder";
import { VARINT_CODER } from "girder/coders";
import { isBid } from "../model.js";
import { increment, type NexmarkQuery } from "../query.js";
import { slidingStarts } from "../windows.js";

interface AuctionCount {
  readonly auction: number;
  readonly count: number;
}

interface Hottest {
  readonly count: number;
  readonly auctions: readonly number[];
}

/** The keys of the greatest count. */
const hottest: CombineFn<KV<number, number>, Hottest, Hottest> = {
  name: "hottest",
  createAccumulator: () => ({ count: 0, auctions: [] }),
  addInput: (best, { key, value }) => hotter(best, { count: value, auctions: [key] }),
  mergeAccumulators(accumulators) {
    let best: Hottest = { count: 0, auctions: [] };
    for (const accumulator of accumulators) best = hotter(best, accumulator);
    return best;
  },
  extractOutput: (best) => best,
};

function hotter(a: Hottest, b: Hottest): Hottest {
  if (a.count !== b.count) return a.count > b.count ? a : b;
  return { count: a.count, auctions: [...a.auctions, ...b.auctions] };
}

/** The auctions with most bids in each sliding window. */
export const hotItems: NexmarkQuery<AuctionCount> = {
  name: "q5",
  asks: "auctions with most bids",
  build: (events, { windowSize, windowPeriod, fanout }) =>
    events
      .filter(isBid)
      .apply(windowInto(slidingWindows(windowSize, windowPeriod)))
      .map(({ auction }) => auction)
      .withCoder(VARINT_CODER as never)
      .apply(countPerElement())
      .apply(combineGlobally(hottest, { fanout }))
      .flatMap(({ count, auctions }) => auctions.map((auction) => ({ auction, count }))),
  loop(events, config, emit) {
    const windows = new Map<number, Map<number, number>>();
    let last = Number.NaN;
    let counts: Map<number, number>[] = [];
    for (const event of events) {
      if (event.kind !== "bid") continue;
      const period = Math.floor(event.dateTime / config.windowPeriod);
      if (period !== last) {
        last = period;
        counts = slidingStarts(event.dateTime, config).map((start) => {
          const known = windows.get(start) ?? new Map<number, number>();
          windows.set(start, known);
          return known;
        });
      }
      for (const each of counts) increment(each, event.auction);
    }
    for (const each of windows.values()) {
      let most = 0;
      for (const count of each.values()) most = Math.max(most, count);
      for (const [auction, count] of each) if (count === most) emit({ auction, count });
    }
  },
  digest: ({ auction, count }) => auction + count,
};

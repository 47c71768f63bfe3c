import { combinePerKey, mean, slidingWindows, windowInto } from "girder";
import type { NexmarkQuery } from "../query.js";
import { slidingStarts } from "../windows.js";
import { winningBids, winningBidsLoop } from "../winning-bids.js";

interface CategoryPrice {
  readonly category: number;
  /** In cents, rounded. */
  readonly price: number;
}

/** What auctions of each category sell for, on average over sliding windows. */
export const categoryPrices: NexmarkQuery<CategoryPrice> = {
  name: "q4",
  asks: "average price of each category",
  build: (events, config) =>
    events
      .apply(winningBids(config))
      .map(({ auction, bid }) => ({ key: auction.category, value: bid.price }))
      .apply(windowInto(slidingWindows(config.windowSize, config.windowPeriod)))
      .apply(combinePerKey(mean, { fanout: config.fanout }))
      .map(({ key, value }) => ({ category: key, price: Math.round(value) })),
  loop(events, config, emit) {
    const sums = new Map<number, Map<number, { sum: number; count: number }>>();
    winningBidsLoop(events, ({ auction, bid }) => {
      // An auction is sold when it expires.
      for (const start of slidingStarts(auction.expires - 1, config)) {
        let categories = sums.get(start);
        if (categories === undefined) {
          categories = new Map();
          sums.set(start, categories);
        }
        const entry = categories.get(auction.category) ?? { sum: 0, count: 0 };
        categories.set(auction.category, { sum: entry.sum + bid.price, count: entry.count + 1 });
      }
    });
    for (const categories of sums.values()) {
      for (const [category, { sum, count }] of categories) emit({ category, price: Math.round(sum / count) });
    }
  },
  digest: ({ category, price }) => category + price,
};

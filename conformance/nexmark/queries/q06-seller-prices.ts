import {
  afterCount,
  type CombineFn,
  combinePerKey,
  globalWindows,
  paneInfoParam,
  repeatedly,
  windowInto,
} from "girder";
import type { Bid } from "../model.js";
import type { NexmarkQuery } from "../query.js";
import { winningBids, winningBidsLoop } from "../winning-bids.js";

interface SellerPrice {
  readonly seller: number;
  /** Average over the last auctions, in cents, rounded. */
  readonly price: number;
  /** How many earlier results there are for the seller. */
  readonly revision: number;
}

/** Auctions of a seller that are averaged. */
const LAST = 10;

type Sold = Pick<Bid, "dateTime" | "price">;

/** The average of the last bids. */
const recentPrices: CombineFn<Sold, Sold[], number> = {
  name: "recentPrices",
  createAccumulator: () => [],
  addInput: (accumulator, { dateTime, price }) => latest([...accumulator, { dateTime, price }]),
  mergeAccumulators: (accumulators) => latest([...accumulators].flat()),
  extractOutput: average,
};

function latest(sold: Sold[]): Sold[] {
  return sold.sort((a, b) => a.dateTime - b.dateTime || a.price - b.price).slice(-LAST);
}

function average(sold: readonly Sold[]): number {
  return Math.round(sold.reduce((sum, { price }) => sum + price, 0) / Math.max(1, sold.length));
}

/** What the last ten auctions of each seller went for on average, anew for each that ends. */
export const sellerPrices: NexmarkQuery<SellerPrice> = {
  name: "q6",
  asks: "average price of each seller's last ten",
  build: (events, config) =>
    events
      .apply(winningBids(config))
      .map(({ auction, bid }) => ({ key: auction.seller, value: { dateTime: bid.dateTime, price: bid.price } }))
      .apply(
        windowInto(globalWindows(), {
          trigger: repeatedly(afterCount(1)),
          accumulationMode: "ACCUMULATING",
          onTimeBehavior: "FIRE_IF_NONEMPTY",
        }),
      )
      .apply(combinePerKey(recentPrices))
      .map(({ key, value }, { pane }) => ({ seller: key, price: value, revision: pane.index }), {
        pane: paneInfoParam(),
      }),
  loop(events, _, emit) {
    const sold = new Map<number, { recent: Sold[]; revision: number }>();
    winningBidsLoop(events, ({ auction, bid }) => {
      const { recent, revision } = sold.get(auction.seller) ?? { recent: [], revision: -1 };
      sold.set(auction.seller, { recent: latest([...recent, bid]), revision: revision + 1 });
    });
    for (const [seller, { recent, revision }] of sold) emit({ seller, price: average(recent), revision });
  },
  digest: ({ seller, price, revision }) => seller + price + revision,
  settled(results) {
    const last = new Map<number, SellerPrice>();
    for (const result of results) {
      const known = last.get(result.seller);
      if (known === undefined || known.revision < result.revision) last.set(result.seller, result);
    }
    return [...last.values()];
  },
};

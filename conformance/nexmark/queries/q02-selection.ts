import { isBid } from "../model.js";
import type { NexmarkQuery } from "../query.js";

interface AuctionPrice {
  readonly auction: number;
  readonly price: number;
}

/** Bids for some auctions. */
export const selection: NexmarkQuery<AuctionPrice> = {
  name: "q2",
  asks: "bids for every 123rd auction",
  build: (events, { auctionSkip }) =>
    events
      .filter(isBid)
      .filter(({ auction }) => auction % auctionSkip === 0)
      .map(({ auction, price }) => ({ auction, price })),
  loop(events, { auctionSkip }, emit) {
    for (const event of events) {
      if (event.kind === "bid" && event.auction % auctionSkip === 0) {
        emit({ auction: event.auction, price: event.price });
      }
    }
  },
  digest: ({ auction, price }) => auction + price,
};

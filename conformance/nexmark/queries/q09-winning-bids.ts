import type { NexmarkQuery } from "../query.js";
import { type WinningBid, winningBids, winningBidsLoop } from "../winning-bids.js";

/** The bid that wins each auction, once it has expired. */
export const winners: NexmarkQuery<WinningBid> = {
  name: "q9",
  asks: "winning bids",
  build: (events, config) => events.apply(winningBids(config)),
  loop: (events, _, emit) => winningBidsLoop(events, emit),
  digest: ({ auction, bid }) => auction.id + bid.price + bid.bidder,
};

import { type Bid, isBid } from "../model.js";
import type { NexmarkQuery } from "../query.js";

/** A bid in dollars as one in euros, at the price of a dollar in 2004. */
function inEuros({ auction, bidder, price, dateTime, extra }: Bid): Bid {
  return { kind: "bid", auction, bidder, price: Math.floor((price * 89) / 100), dateTime, extra };
}

/** What bids are in another currency. */
export const currency: NexmarkQuery<Bid> = {
  name: "q1",
  asks: "bids in euros",
  build: (events) => events.filter(isBid).map("Convert", inEuros),
  loop(events, _, emit) {
    for (const event of events) if (event.kind === "bid") emit(inEuros(event));
  },
  digest: ({ price }) => price,
};

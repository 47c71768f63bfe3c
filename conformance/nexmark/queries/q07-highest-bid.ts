import { combineGlobally, fixedWindows, max, singleton, windowInto } from "girder";
import { type Bid, isBid } from "../model.js";
import type { NexmarkQuery } from "../query.js";
import { fixedStart } from "../windows.js";

/** The highest bids of each window: the highest price is a side input. */
export const highestBid: NexmarkQuery<Bid> = {
  name: "q7",
  asks: "highest bids",
  build(events, { windowSize, fanout }) {
    const bids = events.filter(isBid).apply(windowInto(fixedWindows(windowSize)));
    const highest = bids.map(({ price }) => price).apply(combineGlobally(max, { fanout }));
    return bids.filter(({ price }, context) => price === context.highest, { highest: singleton(highest) });
  },
  loop(events, { windowSize }, emit) {
    const windows = new Map<number, Bid[]>();
    let start = Number.NaN;
    let best: Bid[] = [];
    for (const event of events) {
      if (event.kind !== "bid") continue;
      const own = fixedStart(event.dateTime, windowSize);
      if (own !== start) {
        start = own;
        best = windows.get(own) ?? [];
        windows.set(own, best);
      }
      if (best.length > 0 && event.price < best[0]!.price) continue;
      if (best.length > 0 && event.price > best[0]!.price) best.length = 0;
      best.push(event);
    }
    for (const bids of windows.values()) bids.forEach(emit);
  },
  digest: ({ auction, price }) => auction + price,
};

import { afterProcessingTime, countPerElement, globalWindows, repeatedly, windowInto } from "girder";
import { VARINT_CODER } from "girder/coders";
import { isBid } from "../model.js";
import { increment, type NexmarkQuery, totals } from "../query.js";

interface BidderBids {
  readonly bidder: number;
  readonly bids: number;
}

/** How many bids each bidder makes in a stretch of processing time. */
export const bidsInProcessingTime: NexmarkQuery<BidderBids> = {
  name: "q12",
  asks: "bids in processing time",
  build: (events, { windowSize }) =>
    events
      .filter(isBid)
      .map(({ bidder }) => bidder)
      .withCoder(VARINT_CODER as never)
      .apply(
        windowInto(globalWindows(), {
          trigger: repeatedly(afterProcessingTime({ delay: windowSize })),
          onTimeBehavior: "FIRE_IF_NONEMPTY",
        }),
      )
      .apply(countPerElement())
      .map(({ key, value }) => ({ bidder: key, bids: value })),
  loop(events, _, emit) {
    const counts = new Map<number, number>();
    for (const event of events) if (event.kind === "bid") increment(counts, event.bidder);
    for (const [bidder, bids] of counts) emit({ bidder, bids });
  },
  digest: ({ bidder, bids }) => (bidder % 1000) * bids,
  settled: (results) =>
    totals(
      results,
      ({ bidder }) => bidder,
      ({ bids }) => bids,
    ),
};

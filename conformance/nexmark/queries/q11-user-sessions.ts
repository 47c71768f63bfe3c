import { afterCount, countPerElement, repeatedly, sessions, windowInto } from "girder";
import { VARINT_CODER } from "girder/coders";
import { isBid } from "../model.js";
import { type NexmarkQuery, totals } from "../query.js";

interface BidsPerSession {
  readonly bidder: number;
  readonly bids: number;
}

/** How many bids each bidder makes before a pause. A session with very many is counted in pieces. */
export const userSessions: NexmarkQuery<BidsPerSession> = {
  name: "q11",
  asks: "bids in each session",
  build: (events, { windowSize, maxLogEvents, occasionalDelay }) =>
    events
      .filter(isBid)
      .map(({ bidder }) => bidder)
      .withCoder(VARINT_CODER as never)
      .apply(
        windowInto(sessions(windowSize), {
          trigger: repeatedly(afterCount(maxLogEvents)),
          onTimeBehavior: "FIRE_IF_NONEMPTY",
          allowedLateness: Math.floor(occasionalDelay / 2),
        }),
      )
      .apply(countPerElement())
      .map(({ key, value }) => ({ bidder: key, bids: value })),
  loop(events, { windowSize }, emit) {
    const open = new Map<number, { bids: number; last: number }>();
    for (const event of events) {
      if (event.kind !== "bid") continue;
      const { bidder, dateTime } = event;
      const session = open.get(bidder);
      if (session !== undefined && dateTime < session.last + windowSize) {
        session.bids++;
        session.last = dateTime;
        continue;
      }
      if (session !== undefined) emit({ bidder, bids: session.bids });
      open.set(bidder, { bids: 1, last: dateTime });
    }
    for (const [bidder, { bids }] of open) emit({ bidder, bids });
  },
  digest: ({ bidder, bids }) => (bidder % 1000) * bids,
  settled: (results) =>
    totals(
      results,
      ({ bidder }) => bidder,
      ({ bids }) => bids,
    ),
};

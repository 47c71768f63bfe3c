/**
 * The bid that wins each auction: the highest of those that came before the auction expired and reached the reserve, the earliest of
 * equal ones.
 *
 * Bids and auctions are brought together by windows of their own: an auction's lasts until the auction expires, a bid's as long as
 * it may take for its auction to be known, and the bids' windows are merged into that of their auction.
 */
import {
  type BoundedWindow,
  type CustomWindowFn,
  coGroupByKey,
  type Duration,
  type Instant,
  named,
  P,
  type PCollection,
  type PTransform,
  windowInto,
} from "girder";
import { type ByteReader, type ByteWriter, type Coder, encodedIdentity, STANDARD_CODERS } from "girder/coders";
import type { NexmarkConfiguration } from "./configuration.js";
import { expectedAuctionDuration } from "./generator.js";
import { type Auction, type Bid, type Event, isAuction, isBid } from "./model.js";
import type { Emit } from "./query.js";

export interface WinningBid {
  readonly auction: Auction;
  readonly bid: Bid;
}

/** The time of an auction, or of a bid whose auction is not known. */
export interface AuctionWindow extends BoundedWindow {
  readonly auction: number;
  readonly isAuction: boolean;
  readonly start: Instant;
}

class AuctionWindowCoder implements Coder<AuctionWindow> {
  readonly spec = { urn: "girder:nexmark:auction_window:v1", components: [] };
  readonly nondeterminism = undefined;

  encode({ auction, isAuction, start, maxTimestamp }: AuctionWindow, out: ByteWriter): void {
    out.writeVarint(auction);
    out.writeByte(isAuction ? 1 : 0);
    out.writeVarint(start);
    out.writeVarint(maxTimestamp - start);
  }

  decode(input: ByteReader): AuctionWindow {
    const auction = Number(input.readVarint());
    const isAuction = input.readByte() === 1;
    const start = Number(input.readVarint());
    return { auction, isAuction, start, maxTimestamp: start + Number(input.readVarint()) };
  }

  keyIdentity(window: AuctionWindow) {
    return encodedIdentity(this, window);
  }
}

const AUCTION_WINDOW_CODER = new AuctionWindowCoder();
STANDARD_CODERS.register(AUCTION_WINDOW_CODER.spec.urn, { components: 0, create: () => AUCTION_WINDOW_CODER });

/** @param duration How long auctions last on average, ms. */
export function auctionWindows(duration: Duration): CustomWindowFn<Auction | Bid, AuctionWindow> {
  return {
    name: "auctions",
    coder: AUCTION_WINDOW_CODER,
    assign: (event, start) =>
      event.kind === "auction"
        ? { auction: event.id, isAuction: true, start, maxTimestamp: event.expires - 1 }
        : { auction: event.auction, isAuction: false, start, maxTimestamp: start + 2 * duration - 1 },
    merge(windows) {
      const into = windows.find(({ isAuction }) => isAuction);
      if (into === undefined) return [];
      // A bid that came too late stays in a window without an auction.
      const from = windows.filter(({ isAuction, start }) => !isAuction && start <= into.maxTimestamp);
      return from.length === 0 ? [] : [{ from: [into, ...from], into }];
    },
  };
}

export function winningBids(config: NexmarkConfiguration): PTransform<PCollection<Event>, PCollection<WinningBid>> {
  return named("WinningBids", (events) => {
    const windowed = events
      .filter((event): event is Auction | Bid => event.kind !== "person")
      .apply(windowInto(auctionWindows(expectedAuctionDuration(config))));
    const auctions = windowed.filter(isAuction).map((auction) => ({ key: auction.id, value: auction }));
    const bids = windowed.filter(isBid).map((bid) => ({ key: bid.auction, value: bid }));
    return P({ auctions, bids })
      .apply(coGroupByKey())
      .flatMap(({ value }): WinningBid[] => {
        const [auction] = value.auctions;
        if (auction === undefined) return [];
        let best: Bid | undefined;
        for (const bid of value.bids) if (bid.price >= auction.reserve && isBetter(bid, best)) best = bid;
        return best === undefined ? [] : [{ auction, bid: best }];
      });
  });
}

/** As {@link winningBids}, by a loop. */
export function winningBidsLoop(events: readonly Event[], emit: Emit<WinningBid>): void {
  const open = new Map<number, { auction: Auction; best: Bid | undefined }>();
  const early = new Map<number, Bid[]>();
  const consider = (entry: { auction: Auction; best: Bid | undefined }, bid: Bid): void => {
    const { auction, best } = entry;
    if (bid.dateTime < auction.expires && bid.price >= auction.reserve && isBetter(bid, best)) entry.best = bid;
  };
  for (const event of events) {
    if (event.kind === "auction") {
      const entry = { auction: event, best: undefined };
      open.set(event.id, entry);
      for (const bid of early.get(event.id) ?? []) consider(entry, bid);
      early.delete(event.id);
    } else if (event.kind === "bid") {
      const entry = open.get(event.auction);
      if (entry !== undefined) consider(entry, event);
      else early.set(event.auction, [...(early.get(event.auction) ?? []), event]);
    }
  }
  for (const { auction, best } of open.values()) if (best !== undefined) emit({ auction, bid: best });
}

/** Whether a bid wins against the best of those before. Of bids of one price at one time that of the bidder with the smaller id does. */
function isBetter(bid: Bid, best: Bid | undefined): boolean {
  if (best === undefined || bid.price !== best.price) return best === undefined || bid.price > best.price;
  return bid.dateTime !== best.dateTime ? bid.dateTime < best.dateTime : bid.bidder < best.bidder;
}

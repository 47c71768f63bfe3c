/** What Nexmark's events are like, and how large its windows are: names and defaults as Beam has them. */
import type { Duration, Instant } from "girder";

export interface NexmarkConfiguration {
  /** How many events there are. */
  readonly events: number;
  /** Id of the first event, which seeds its data. Generators beside each other have other ids and the same numbers. */
  readonly firstEventId: number;
  /** Number of the first event, which says when it happens. */
  readonly firstEventNumber: number;
  /** When the event of number 0 happens, ms. */
  readonly baseTime: Instant;
  /** Time between two events, in microseconds: 10,000 in a second. */
  readonly delayMicros: number;
  /** Events come in groups of so many, each group in disorder. 1: in the order of their timestamps. */
  readonly outOfOrderGroupSize: number;
  /** Size and period of windows, ms. */
  readonly windowSize: Duration;
  readonly windowPeriod: Duration;
  /** Into how many parts a combine of all elements is divided. */
  readonly fanout: number;
  /** Of which number an auction's id must be a multiple to be selected by query 2. */
  readonly auctionSkip: number;
  /** How long query 3 remembers people and their auctions, ms. */
  readonly maxAuctionsWaitingTime: Duration;
  /** Events in a pane of queries 10 and 11 before one is emitted early. */
  readonly maxLogEvents: number;
  /** How late events may come, ms. */
  readonly occasionalDelay: Duration;
  /** Auctions that are open at a time, people of whom others are chosen. */
  readonly inFlightAuctions: number;
  readonly activePeople: number;
  /** One in so many bids is for an auction that is not hot, by a bidder who is not; one auction, of a seller who is not. */
  readonly hotAuctionRatio: number;
  readonly hotBidderRatio: number;
  readonly hotSellerRatio: number;
  /** Average sizes in bytes, as Beam counts them. */
  readonly personBytes: number;
  readonly auctionBytes: number;
  readonly bidBytes: number;
  /** Folder that query 10 writes to. */
  readonly logFolder: string;
  /** Files that query 10 writes for a window. */
  readonly logShards: number;
}

/** Beam's defaults, of one generator. */
export const DEFAULT_CONFIGURATION: NexmarkConfiguration = {
  events: 100_000,
  firstEventId: 0,
  firstEventNumber: 0,
  baseTime: Date.parse("2015-07-15T00:00:00Z"),
  delayMicros: 100,
  outOfOrderGroupSize: 1,
  windowSize: 10_000,
  windowPeriod: 5_000,
  fanout: 5,
  auctionSkip: 123,
  maxAuctionsWaitingTime: 600_000,
  maxLogEvents: 100_000,
  occasionalDelay: 3_000,
  inFlightAuctions: 100,
  activePeople: 1_000,
  hotAuctionRatio: 2,
  hotBidderRatio: 4,
  hotSellerRatio: 4,
  personBytes: 200,
  auctionBytes: 500,
  bidBytes: 100,
  logFolder: "",
  logShards: 5,
};

/** Defaults with some of them changed. */
export function configuration(changed: Partial<NexmarkConfiguration> = {}): NexmarkConfiguration {
  return { ...DEFAULT_CONFIGURATION, ...changed };
}

/**
 * Configurations of several generators whose events together are as many, in as much time: of different ids, side by side.
 *
 * @param count How many generators. Their events are so much further apart.
 */
export function divided(all: NexmarkConfiguration, count: number): NexmarkConfiguration[] {
  const each = Math.floor(all.events / count);
  return Array.from({ length: count }, (_, i) => ({
    ...all,
    events: i === count - 1 ? all.events - each * (count - 1) : each,
    firstEventId: all.firstEventId + i * each,
    delayMicros: all.delayMicros * count,
  }));
}

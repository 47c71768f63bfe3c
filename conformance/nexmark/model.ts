/** The events of an auction site: people come, auctions are opened, bids are made. */
import type { Instant } from "girder";

export interface Person {
  readonly kind: "person";
  readonly id: number;
  readonly name: string;
  readonly emailAddress: string;
  readonly creditCard: string;
  readonly city: string;
  readonly state: string;
  /** ms. */
  readonly dateTime: Instant;
  readonly extra: string;
}

export interface Auction {
  readonly kind: "auction";
  readonly id: number;
  readonly itemName: string;
  readonly description: string;
  /** In cents, as all prices. */
  readonly initialBid: number;
  /** What a bid must come to for the auction to have a winner. */
  readonly reserve: number;
  readonly dateTime: Instant;
  /** Bids from then on are too late. */
  readonly expires: Instant;
  /** Id of a person. */
  readonly seller: number;
  readonly category: number;
  readonly extra: string;
}

export interface Bid {
  readonly kind: "bid";
  readonly auction: number;
  /** Id of a person. */
  readonly bidder: number;
  readonly price: number;
  readonly dateTime: Instant;
  readonly extra: string;
}

export type Event = Person | Auction | Bid;

export const isPerson = (event: Event): event is Person => event.kind === "person";
export const isAuction = (event: Event): event is Auction => event.kind === "auction";
export const isBid = (event: Event): event is Bid => event.kind === "bid";

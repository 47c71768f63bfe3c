import {
  type BagState,
  bagState,
  type EventTimer,
  eventTimer,
  flatten,
  type KV,
  type PCollection,
  type ValueState,
  valueState,
} from "girder";
import type { NexmarkConfiguration } from "../configuration.js";
import { type Auction, type Event, isAuction, isPerson, type Person } from "../model.js";
import type { NexmarkQuery } from "../query.js";

export interface LocalItem {
  readonly name: string;
  readonly city: string;
  readonly state: string;
  readonly auction: number;
}

const STATES: ReadonlySet<string> = new Set(["OR", "ID", "CA"]);
const CATEGORY = 10;

function itemOf({ name, city, state }: Person, { id }: Auction): LocalItem {
  return { name, city, state, auction: id };
}

/**
 * Who sells in category 10 in three states, and in which auctions. A person and their auctions come in any order; either waits for the
 * other, for a time.
 */
export const localItems: NexmarkQuery<LocalItem> = {
  name: "q3",
  asks: "who sells what in OR, ID and CA",
  build(events, config) {
    const people = events
      .filter(isPerson)
      .filter(({ state }) => STATES.has(state))
      .map((person): KV<number, Person | Auction> => ({ key: person.id, value: person }));
    const auctions = events
      .filter(isAuction)
      .filter(({ category }) => category === CATEGORY)
      .map((auction): KV<number, Person | Auction> => ({ key: auction.seller, value: auction }));
    const keyed = events.pipeline.applyTo([people, auctions], flatten()) as PCollection<KV<number, Person | Auction>>;
    return keyed.parDo("Join", joining(config), {
      person: valueState<Person>("person"),
      waiting: bagState<Auction>("auctions"),
      forget: eventTimer("forget"),
    });
  },
  loop(events, { maxAuctionsWaitingTime }, emit) {
    const known = new Map<number, { person: Person | undefined; waiting: Auction[]; until: number }>();
    const about = (id: number, { dateTime }: Event) => {
      let entry = known.get(id);
      if (entry === undefined || entry.until < dateTime) {
        entry = { person: undefined, waiting: [], until: 0 };
        known.set(id, entry);
      }
      entry.until = dateTime + maxAuctionsWaitingTime;
      return entry;
    };
    for (const event of events) {
      if (event.kind === "person" && STATES.has(event.state)) {
        const entry = about(event.id, event);
        entry.person = event;
        for (const auction of entry.waiting) emit(itemOf(event, auction));
        entry.waiting = [];
      } else if (event.kind === "auction" && event.category === CATEGORY) {
        const { person, waiting } = about(event.seller, event);
        if (person === undefined) waiting.push(event);
        else emit(itemOf(person, event));
      }
    }
  },
  digest: ({ auction, name }) => auction + name.length,
};

function joining({ maxAuctionsWaitingTime }: NexmarkConfiguration) {
  return {
    process({ value }: KV<number, Person | Auction>, { person, waiting, forget }: Join): LocalItem[] {
      forget.set(value.dateTime + maxAuctionsWaitingTime);
      if (value.kind === "auction") {
        const seller = person.read();
        if (seller !== undefined) return [itemOf(seller, value)];
        waiting.add(value);
        return [];
      }
      person.write(value);
      const items = Array.from(waiting.read(), (auction) => itemOf(value, auction));
      waiting.clear();
      return items;
    },
    onTimer: {
      forget(_: unknown, { person, waiting }: Join) {
        person.clear();
        waiting.clear();
      },
    },
  };
}

interface Join {
  readonly person: ValueState<Person>;
  readonly waiting: BagState<Auction>;
  readonly forget: EventTimer;
}

/**
 * Nexmark's events, each a function of its number alone: the data that Beam's generators make.
 *
 * Of fifty events one is a new person, three are new auctions and the others bids. Ids are consecutive. Bids and auctions mostly refer
 * to what has come before and is still current, now and then to something that is about to come; half of the bids are for
 * one auction out of a hundred, three in four of the bidders and sellers are one person out of a hundred.
 */
import type { Instant } from "girder";
import type { NexmarkConfiguration } from "./configuration.js";
import { JavaRandom } from "./java-random.js";
import type { Auction, Bid, Event, Person } from "./model.js";
import { padding, randomWord } from "./random-text.js";

/** Events in a round of one person, three auctions and bids. */
const ROUND = 50;
const PEOPLE = 1;
const AUCTIONS = 3;
const FIRST_ID = 1000;
const FIRST_CATEGORY = 10;
const CATEGORIES = 5;
/** People and auctions yet to come that may be referred to. */
const LEAD = 10;
/** One out of so many is hot. */
const HOT = 100;

const FIRST_NAMES = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"];
const LAST_NAMES = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"];
const CITIES = [
  "Phoenix",
  "Los Angeles",
  "San Francisco",
  "Boise",
  "Portland",
  "Bend",
  "Redmond",
  "Seattle",
  "Kent",
  "Cheyenne",
];
const STATES = ["AZ", "CA", "ID", "OR", "WA", "WY"];

const random = new JavaRandom();

/** The event that comes as number `position` of a generator, from 0 on. */
export function eventAt(config: NexmarkConfiguration, position: number): Event {
  const number = numberAt(config, position);
  const id = config.firstEventId + number;
  const at = timeOf(config, number);
  random.seed(id);
  const place = id % ROUND;
  if (place < PEOPLE) return person(config, id, at);
  if (place < PEOPLE + AUCTIONS) return auction(config, id, at, number);
  return bid(config, id, at);
}

/** All events in the order in which they come. */
export function eventsOf(config: NexmarkConfiguration): Event[] {
  return Array.from({ length: config.events }, (_, position) => eventAt(config, position));
}

/** Nothing that comes at `position` or later is of an earlier time, ms. */
export function watermarkAt(config: NexmarkConfiguration, position: number): Instant {
  const number = config.firstEventNumber + position;
  return timeOf(config, number - (number % config.outOfOrderGroupSize));
}

/** The number of the event that comes at `position`: in a group all numbers of it occur, in another order. */
function numberAt({ firstEventNumber, outOfOrderGroupSize: size }: NexmarkConfiguration, position: number): number {
  const number = firstEventNumber + position;
  return number - (number % size) + ((number * 953) % size);
}

function timeOf({ baseTime, delayMicros }: NexmarkConfiguration, number: number): Instant {
  return baseTime + Math.floor((number * delayMicros) / 1000);
}

/** Index of the person who came last, or comes with this event. */
function lastPerson(id: number): number {
  return Math.floor(id / ROUND) * PEOPLE + Math.min(id % ROUND, PEOPLE - 1);
}

/** Index of the auction that was opened last, or is opened by this event. */
function lastAuction(id: number): number {
  const round = Math.floor(id / ROUND);
  const place = id % ROUND;
  if (place < PEOPLE) return round * AUCTIONS - 1;
  return round * AUCTIONS + Math.min(place - PEOPLE, AUCTIONS - 1);
}

function somePerson({ activePeople }: NexmarkConfiguration, id: number): number {
  const people = lastPerson(id) + 1;
  const active = Math.min(people, activePeople);
  return people - active + random.nextBelow(active + LEAD);
}

function someAuction({ inFlightAuctions }: NexmarkConfiguration, id: number): number {
  const last = lastAuction(id);
  const first = Math.max(last - inFlightAuctions, 0);
  return first + random.nextBelow(last - first + 1 + LEAD);
}

/** Whether it is the hot one this time: seldom not, where the ratio is high. */
function isHot(ratio: number): boolean {
  return random.nextBelow(ratio) > 0;
}

function hot(last: number): number {
  return last - (last % HOT);
}

function price(): number {
  return Math.round(10 ** (random.nextDouble() * 6) * 100);
}

function oneOf(choices: readonly string[]): string {
  return choices[random.nextBelow(choices.length)]!;
}

function person({ personBytes }: NexmarkConfiguration, id: number, dateTime: Instant): Person {
  const name = `${oneOf(FIRST_NAMES)} ${oneOf(LAST_NAMES)}`;
  const emailAddress = `${randomWord(random, 7)}@${randomWord(random, 5)}.com`;
  const digits = Array.from({ length: 4 }, () => String(random.nextBelow(10_000)).padStart(4, "0"));
  const creditCard = digits.join(" ");
  const city = oneOf(CITIES);
  const state = oneOf(STATES);
  const size = 8 + name.length + emailAddress.length + creditCard.length + city.length + state.length;
  const extra = padding(random, size, personBytes);
  return {
    kind: "person",
    id: FIRST_ID + lastPerson(id),
    name,
    emailAddress,
    creditCard,
    city,
    state,
    dateTime,
    extra,
  };
}

function auction(config: NexmarkConfiguration, id: number, dateTime: Instant, number: number): Auction {
  const seller = FIRST_ID + (isHot(config.hotSellerRatio) ? hot(lastPerson(id)) : somePerson(config, id));
  const category = FIRST_CATEGORY + random.nextBelow(CATEGORIES);
  const initialBid = price();
  const expires = dateTime + auctionLength(config, dateTime, number);
  const itemName = randomWord(random, 20);
  const description = randomWord(random, 100);
  const reserve = initialBid + price();
  const size = 8 + itemName.length + description.length + 5 * 8;
  const extra = padding(random, size, config.auctionBytes);
  return {
    kind: "auction",
    id: FIRST_ID + lastAuction(id),
    itemName,
    description,
    initialBid,
    reserve,
    dateTime,
    expires,
    seller,
    category,
    extra,
  };
}

/** On average as long as it takes for as many auctions to be opened as are open at a time. */
function auctionLength(config: NexmarkConfiguration, dateTime: Instant, number: number): number {
  const events = Math.floor((config.inFlightAuctions * ROUND) / AUCTIONS);
  const horizon = timeOf(config, number + events) - dateTime;
  return 1 + random.nextBelow(Math.max(horizon * 2, 1));
}

function bid(config: NexmarkConfiguration, id: number, dateTime: Instant): Bid {
  const auctionId = FIRST_ID + (isHot(config.hotAuctionRatio) ? hot(lastAuction(id)) : someAuction(config, id));
  // The person after the first of a hundred, so that hot bidders are no hot sellers.
  const bidder = FIRST_ID + (isHot(config.hotBidderRatio) ? hot(lastPerson(id)) + 1 : somePerson(config, id));
  const offered = price();
  const extra = padding(random, 4 * 8, config.bidBytes);
  return { kind: "bid", auction: auctionId, bidder, price: offered, dateTime, extra };
}

/** How long an auction lasts on average, ms, rounded up. */
export function expectedAuctionDuration({ delayMicros, inFlightAuctions }: NexmarkConfiguration): number {
  return Math.floor((Math.floor((delayMicros * ROUND) / AUCTIONS) * inFlightAuctions + 999) / 1000);
}

/** What a query is: a pipeline, and the same computation without one. */
import type { PCollection } from "girder";
import type { NexmarkConfiguration } from "./configuration.js";
import type { Event } from "./model.js";

/** Takes results, one after the other. */
export type Emit<R> = (result: R) => void;

export interface NexmarkQuery<R = unknown> {
  /** `q0` to `q12`. */
  readonly name: string;
  /** What it asks, in a few words. */
  readonly asks: string;
  /** The query as a pipeline. Elements have their `dateTime` as timestamps. */
  build(events: PCollection<Event>, config: NexmarkConfiguration): PCollection<R>;
  /** The query as a loop over all events in the order of their timestamps. */
  loop(events: readonly Event[], config: NexmarkConfiguration, emit: Emit<R>): void;
  /** A number for each result; the sum over all tells whether two ways of computing have come to the same. */
  digest(result: R): number;
  /**
   * What of the results does not depend on the order in which events come, and on when triggers fire. Default: all of it,
   * except its order.
   */
  settled?(results: readonly R[]): readonly unknown[];
}

/** Adds to the count of a key. */
export function increment<K>(counts: Map<K, number>, key: K, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** The sum of the values of each key, for results that come in pieces. */
export function totals<R>(results: readonly R[], keyOf: (result: R) => number, amountOf: (result: R) => number) {
  const all = new Map<number, number>();
  for (const result of results) increment(all, keyOf(result), amountOf(result));
  return [...all];
}

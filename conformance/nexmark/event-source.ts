/** Events as a source: with an end, or with a watermark and none. */
import { type Instant, MAX_TIMESTAMP, type Source, type SourceReader } from "girder";
import type { Event } from "./model.js";

/** A position from which on events are read, to an end (exclusive). */
interface Part {
  readonly from: number;
  readonly to: number;
}

/** Where a source's events come from, and what is known of those that are still to come. */
export interface EventSourceOptions {
  readonly events: number;
  readonly eventAt: (position: number) => Event;
  /** Nothing at this position or later is of an earlier time, ms. */
  readonly watermarkAt: (position: number) => Instant;
  /** Whether the source is known to end. One that is not says at its end that event time is over. */
  readonly bounded: boolean;
}

export class EventSource implements Source<Event, Part, number> {
  readonly bounded: boolean;

  constructor(readonly options: EventSourceOptions) {
    this.bounded = options.bounded;
  }

  /** A source that is not known to end is read in one part: its events have an order. */
  split(desiredParts: number): Part[] {
    const { events } = this.options;
    if (!this.bounded || events < desiredParts) return [{ from: 0, to: events }];
    const bound = (i: number): number => Math.floor((events * i) / desiredParts);
    return Array.from({ length: desiredParts }, (_, i) => ({ from: bound(i), to: bound(i + 1) }));
  }

  size({ from, to }: Part): number {
    return to - from;
  }

  open({ from, to }: Part, mark: number | undefined): EventReader {
    return new EventReader(this.options, mark ?? from, to);
  }
}

class EventReader implements SourceReader<Event, number> {
  #event: Event | undefined;
  #next: number;

  constructor(
    readonly options: EventSourceOptions,
    from: number,
    readonly to: number,
  ) {
    this.#next = from;
  }

  start(): boolean {
    return this.advance();
  }

  advance(): boolean {
    if (this.#next >= this.to) return false;
    this.#event = this.options.eventAt(this.#next++);
    return true;
  }

  current(): Event {
    return this.#event!;
  }

  timestamp(): Instant {
    return this.#event!.dateTime;
  }

  watermark(): Instant {
    return this.#next >= this.to ? MAX_TIMESTAMP : this.options.watermarkAt(this.#next);
  }

  checkpoint(): number {
    return this.#next;
  }

  backlog(): number {
    return this.to - this.#next;
  }
}

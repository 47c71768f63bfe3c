/** What waits for instants, by when they come. */
import TinyQueue from "tinyqueue";
import { type Instant, MAX_TIMESTAMP } from "../../portability/execution/time.js";

interface Entry<T> {
  readonly at: Instant;
  readonly item: T;
}

/**
 * Items in the order of an instant that each waits for. That may become later, or never come, without a word: it is found
 * out when the item's turn comes.
 */
export class Agenda<T> {
  #queue = new TinyQueue<Entry<T>>([], earliestFirst);
  /** The instant of each item's earliest entry; later ones count for nothing. */
  readonly #queued = new Map<T, Instant>();
  /** Entries with which the queue is looked through for those that count for nothing. */
  #limit = SLACK;

  /** @param instantOf What an item waits for now; the end of time for nothing. */
  constructor(readonly instantOf: (item: T) => Instant) {}

  /** Takes note that an item waits for an instant, or for an earlier one than before. */
  update(item: T): void {
    const at = this.instantOf(item);
    if (at === MAX_TIMESTAMP) return;
    const queued = this.#queued.get(item);
    if (queued !== undefined && queued <= at) return;
    this.#queued.set(item, at);
    this.#queue.push({ at, item });
    if (this.#queue.length > this.#limit) this.#compact();
  }

  /** The earliest instant that an item waits for; the end of time if none waits. */
  get next(): Instant {
    return this.#first()?.at ?? MAX_TIMESTAMP;
  }

  /** Takes off the items whose instant is `at` or earlier, those of one instant in no order. */
  takeUntil(at: Instant): T[] {
    const due: T[] = [];
    for (let first = this.#first(); first !== undefined && first.at <= at; first = this.#first()) {
      this.#pop(first);
      due.push(first.item);
    }
    return due;
  }

  /** What never comes would stay until its turn. */
  #compact(): void {
    const kept: Entry<T>[] = [];
    for (const entry of this.#queue.data) {
      if (this.#queued.get(entry.item) !== entry.at) continue;
      if (this.instantOf(entry.item) === MAX_TIMESTAMP) this.#queued.delete(entry.item);
      else kept.push(entry);
    }
    this.#queue = new TinyQueue(kept, earliestFirst);
    this.#limit = 2 * kept.length + SLACK;
  }

  #first(): Entry<T> | undefined {
    for (;;) {
      const first = this.#queue.peek();
      if (first === undefined) return undefined;
      const counts = this.#queued.get(first.item) === first.at;
      if (counts && this.instantOf(first.item) === first.at) return first;
      this.#pop(first);
      if (counts) this.update(first.item);
    }
  }

  #pop({ at, item }: Entry<T>): void {
    this.#queue.pop();
    if (this.#queued.get(item) === at) this.#queued.delete(item);
  }
}

/** Entries that a queue may hold, however few of them count. */
const SLACK = 64;

function earliestFirst(a: Entry<unknown>, b: Entry<unknown>): number {
  return a.at - b.at;
}

/** The timers of a stage that are set, and which of them are to fire. */
import { type Instant, MAX_TIMESTAMP, plus } from "../../portability/execution/time.js";
import type { TimeDomain, Timer, TimerAddress, TimerChange } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { ValidQueue } from "./valid-queue.js";

/** How far each clock has come. */
export type Clocks = Readonly<Record<TimeDomain, Instant>>;

/** A timer that is set, or was: a later one may have taken its place. */
interface Entry {
  readonly id: string;
  readonly timer: Timer;
  /** Counts settings: of timers for one instant the first to be set fires first. */
  readonly order: number;
}

export class TimerStore {
  readonly #timers = new Map<string, Entry>();
  readonly #windows = new Map<InternedWindow, Set<string>>();
  readonly #byFire: Record<TimeDomain, ValidQueue<Entry>>;
  readonly #byHold: ValidQueue<Entry>;
  #order = 0;

  /** @param domains By index of timer family. */
  constructor(readonly domains: readonly TimeDomain[]) {
    const isSet = (entry: Entry): boolean => this.#timers.get(entry.id) === entry;
    const queue = (instant: (timer: Timer) => Instant): ValidQueue<Entry> =>
      new ValidQueue(isSet, (a, b) => instant(a.timer) - instant(b.timer) || a.order - b.order);
    this.#byFire = { "event-time": queue(({ fire }) => fire), "processing-time": queue(({ fire }) => fire) };
    this.#byHold = queue(({ hold }) => hold);
  }

  get size(): number {
    return this.#timers.size;
  }

  /** @param ahead By how much (ms) processing time is ahead of the clock by which timers were set. */
  apply(changes: readonly TimerChange[], ahead = 0): void {
    for (const { address, timer } of changes) {
      const id = timerKey(address);
      if (timer === undefined) this.#forget(id);
      else if (ahead > 0 && this.domains[timer.family] === "processing-time") {
        this.#set(id, { ...timer, fire: plus(timer.fire, ahead) });
      } else this.#set(id, timer);
    }
  }

  #set(id: string, timer: Timer): void {
    const entry = { id, timer, order: ++this.#order };
    this.#timers.set(id, entry);
    const ids = this.#windows.get(timer.window);
    if (ids === undefined) this.#windows.set(timer.window, new Set([id]));
    else ids.add(id);
    this.#byFire[this.domains[timer.family]!].push(entry);
    this.#byHold.push(entry);
  }

  #forget(id: string): void {
    const window = this.#timers.get(id)?.timer.window;
    if (window === undefined) return;
    this.#timers.delete(id);
    const ids = this.#windows.get(window)!;
    ids.delete(id);
    if (ids.size === 0) this.#windows.delete(window);
  }

  /** When the next timer of a domain fires; infinity if none is set. */
  next(domain: TimeDomain): Instant {
    return this.#byFire[domain].peek()?.timer.fire ?? Number.POSITIVE_INFINITY;
  }

  /**
   * Lower bound of the timestamps that timers may still produce. One that is due, even if it holds nothing back, keeps the
   * watermark where it fires: what it outputs is not to be late because it has not had its turn.
   */
  hold(watermark: Instant): Instant {
    const next = this.next("event-time");
    const due = isPast(next, watermark) ? next : MAX_TIMESTAMP;
    return Math.min(this.#byHold.peek()?.timer.hold ?? MAX_TIMESTAMP, due);
  }

  isDue(clocks: Clocks): boolean {
    return (
      isPast(this.next("event-time"), clocks["event-time"]) || this.next("processing-time") <= clocks["processing-time"]
    );
  }

  /**
   * Takes what is to fire next: of each key and window the earliest timers that are due, for firing one may set another
   * that comes before the next.
   */
  takeDue(clocks: Clocks): Timer[] {
    const taken: Entry[] = [];
    for (const domain of ["event-time", "processing-time"] as const) {
      const queue = this.#byFire[domain];
      const isDue = (fire: Instant): boolean =>
        domain === "event-time" ? isPast(fire, clocks[domain]) : fire <= clocks[domain];
      // The domains' clocks have nothing to do with each other: each has an order of its own.
      const earliest = new Map<string, Instant>();
      const later: Entry[] = [];
      while (isDue(this.next(domain))) {
        const entry = queue.pop()!;
        const { window, key, fire } = entry.timer;
        const place = `${window.id} ${typeof key} ${String(key)}`;
        const first = earliest.get(place) ?? fire;
        earliest.set(place, first);
        (fire === first ? taken : later).push(entry);
      }
      for (const entry of later) queue.push(entry);
    }
    taken.sort((a, b) => a.timer.fire - b.timer.fire || a.order - b.order);
    for (const { id } of taken) this.#forget(id);
    return taken.map(({ timer }) => timer);
  }

  /** Forgets the timers of windows that are over. */
  expire(isOver: (window: InternedWindow) => boolean): void {
    for (const [window, ids] of this.#windows) if (isOver(window)) for (const id of ids) this.#forget(id);
  }

  copy(): TimerStore {
    const copy = new TimerStore(this.domains);
    const inOrder = [...this.#timers.values()].sort((a, b) => a.order - b.order);
    for (const { id, timer } of inOrder) copy.#set(id, timer);
    return copy;
  }
}

/** Whether the watermark has passed an instant. At the end of time it has passed that, too. */
function isPast(instant: Instant, watermark: Instant): boolean {
  return instant < watermark || (watermark === MAX_TIMESTAMP && instant <= watermark);
}

function timerKey({ family, key, tag, window }: TimerAddress): string {
  return `${family} ${window.id} ${tag.length} ${tag}${typeof key} ${String(key)}`;
}

/** The timers of a stage that are set, and which of them are to fire. */
import { type Instant, MAX_TIMESTAMP, plus } from "../../portability/execution/time.js";
import type { TimeDomain, Timer, TimerAddress, TimerChange } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";

/** How far each clock has come. */
export type Clocks = Readonly<Record<TimeDomain, Instant>>;

export class TimerStore {
  #timers = new Map<string, Timer>();
  /** The earliest timer of each domain, undefined if it must be looked for. */
  #earliest: Record<TimeDomain, Instant | undefined> = { "event-time": undefined, "processing-time": undefined };

  /** @param domains By index of timer family. */
  constructor(readonly domains: readonly TimeDomain[]) {}

  get size(): number {
    return this.#timers.size;
  }

  /** @param ahead By how much (ms) processing time is ahead of the clock by which timers were set. */
  apply(changes: readonly TimerChange[], ahead = 0): void {
    for (const { address, timer } of changes) {
      const id = timerKey(address);
      if (timer === undefined) this.#timers.delete(id);
      else if (ahead > 0 && this.domains[timer.family] === "processing-time") {
        this.#timers.set(id, { ...timer, fire: plus(timer.fire, ahead) });
      } else this.#timers.set(id, timer);
    }
    if (changes.length > 0) this.#forgetEarliest();
  }

  #forgetEarliest(): void {
    this.#earliest = { "event-time": undefined, "processing-time": undefined };
  }

  /** When the next timer of a domain fires; infinity if none is set. */
  next(domain: TimeDomain): Instant {
    let earliest = this.#earliest[domain];
    if (earliest === undefined) {
      earliest = Number.POSITIVE_INFINITY;
      for (const { family, fire } of this.#timers.values()) {
        if (this.domains[family] === domain && fire < earliest) earliest = fire;
      }
      this.#earliest[domain] = earliest;
    }
    return earliest;
  }

  /**
   * Lower bound of the timestamps that timers may still produce. One that is due, even if it holds nothing back, keeps the
   * watermark where it fires: what it outputs is not to be late because it has not had its turn.
   */
  hold(watermark: Instant): Instant {
    let hold = MAX_TIMESTAMP;
    for (const timer of this.#timers.values()) {
      const isDue = this.domains[timer.family] === "event-time" && isPast(timer.fire, watermark);
      hold = Math.min(hold, timer.hold, isDue ? timer.fire : MAX_TIMESTAMP);
    }
    return hold;
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
    if (!this.isDue(clocks)) return [];
    const earliest = new Map<string, Timer[]>();
    for (const timer of this.#timers.values()) {
      const domain = this.domains[timer.family]!;
      if (domain === "event-time" ? !isPast(timer.fire, clocks[domain]) : timer.fire > clocks[domain]) continue;
      // The domains' clocks have nothing to do with each other: each has an order of its own.
      const place = `${domain} ${timer.window.id} ${typeof timer.key} ${String(timer.key)}`;
      const before = earliest.get(place);
      if (before === undefined || timer.fire < before[0]!.fire) earliest.set(place, [timer]);
      else if (timer.fire === before[0]!.fire) before.push(timer);
    }
    const due = [...earliest.values()].flat().sort((a, b) => a.fire - b.fire);
    for (const timer of due) this.#timers.delete(timerKey(timer));
    this.#forgetEarliest();
    return due;
  }

  /** Forgets the timers of windows that are over. */
  expire(isOver: (window: InternedWindow) => boolean): void {
    for (const [id, { window }] of this.#timers) if (isOver(window)) this.#timers.delete(id);
    this.#forgetEarliest();
  }

  copy(): TimerStore {
    const copy = new TimerStore(this.domains);
    copy.#timers = new Map(this.#timers);
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

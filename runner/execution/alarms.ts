/** Tells when instants of processing time have come. */

/** Longest wait (ms) that Node's timers know; a longer one would be over at once. */
const LONGEST = 2 ** 31 - 1;

export class Alarms {
  readonly #timers = new Map<number, NodeJS.Timeout>();

  /** @param ring Called with each instant that was set, not before it has come. */
  constructor(readonly ring: (at: number) => void) {}

  /** @param at ms since the epoch. One that is set already is not set again. */
  set(at: number): void {
    if (!this.#timers.has(at)) this.#wait(at);
  }

  #wait(at: number): void {
    const wait = Math.max(0, at - Date.now());
    const timer = setTimeout(
      () => {
        // The clock may have been set back, and the wait may have been but a part.
        if (Date.now() < at) return this.#wait(at);
        this.#timers.delete(at);
        this.ring(at);
      },
      Math.min(wait, LONGEST),
    );
    this.#timers.set(at, timer);
  }

  /** Forgets all that is set. */
  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}

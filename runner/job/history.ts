/**
 * What has happened to something, for readers who may come at any time: each is given everything from the beginning, then
 * what happens while it reads, until the end.
 *
 * ```ts
 * const history = new History<string>(1_000);
 * history.append("begun", 0);
 * history.append("a message", 9);
 * history.end();
 * for await (const entry of history.read(signal)) console.log(entry); // begun, a message
 * ```
 */

interface Entry<T> {
  /** Its number, in order; numbers stay when older entries are dropped. */
  readonly number: number;
  readonly value: T;
  readonly size: number;
}

export class History<T> {
  #entries: Entry<T>[] = [];
  #next = 0;
  #size = 0;
  #dropped = 0;
  #ended = false;
  readonly #waiting = new Set<() => void>();

  /** @param limit How much is kept: the sum of all sizes. Beyond it, the oldest entries that have a size are dropped. */
  constructor(private readonly limit = Number.POSITIVE_INFINITY) {}

  /** How many entries were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many readers wait for the next entry. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** @param size What it counts towards the limit; entries of size 0 (the default) are always kept. */
  append(value: T, size = 0): void {
    if (this.#ended) return;
    this.#entries.push({ number: this.#next++, value, size });
    this.#size += size;
    if (this.#size > this.limit) this.#trim();
    this.#wake();
  }

  /** Says that nothing more happens: readers come to an end. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Everything from the beginning. Ends when the history does, or when `signal` aborts. */
  async *read(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    let number = 0;
    while (!signal.aborted) {
      const entry = this.#from(number);
      if (entry !== undefined) {
        number = entry.number + 1;
        yield entry.value;
      } else if (this.#ended) return;
      else await this.#change(signal);
    }
  }

  /** The first entry with this number or a higher one. */
  #from(number: number): Entry<T> | undefined {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#entries[middle]!.number < number) low = middle + 1;
      else high = middle;
    }
    return this.#entries[low];
  }

  /** Drops a quarter at once: dropping one for each that is appended would copy all of them each time. */
  #trim(): void {
    const before = this.#entries.length;
    const room = this.limit * 0.75;
    this.#entries = this.#entries.filter(({ size }, i) => {
      if (size === 0 || this.#size <= room || i === before - 1) return true;
      this.#size -= size;
      return false;
    });
    this.#dropped += before - this.#entries.length;
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const changed = (): void => {
        this.#waiting.delete(changed);
        signal.removeEventListener("abort", changed);
        resolve();
      };
      this.#waiting.add(changed);
      signal.addEventListener("abort", changed, { once: true });
    });
  }

  #wake(): void {
    for (const changed of [...this.#waiting]) changed();
  }
}

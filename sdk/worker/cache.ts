/**
 * What workers keep of the runner's state from bundle to bundle, as long as the runner gives out the same token for it.
 *
 * The least recently used goes first.
 */

/** Bytes that a worker's cache may hold. */
const CAPACITY = 100 * 1024 * 1024;

interface Entry {
  readonly token: string;
  readonly value: unknown;
  readonly bytes: number;
}

export class StateCache {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  hits = 0;
  misses = 0;

  constructor(readonly capacity = CAPACITY) {}

  /** What is kept under a key, if the token is still the one that it was kept with. */
  get(key: string, token: string): unknown {
    const entry = this.#entries.get(key);
    if (entry?.token !== token) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  put(key: string, token: string, value: unknown, bytes: number): void {
    this.delete(key);
    if (bytes > this.capacity) return;
    this.#entries.set(key, { token, value, bytes });
    this.#bytes += bytes;
    for (const [oldest] of this.#entries) {
      if (this.#bytes <= this.capacity) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }
}

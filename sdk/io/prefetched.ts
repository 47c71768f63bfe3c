/** Reads ahead. */

/** Batches kept ready, at most. A batch of lines is made of about 64 KiB. */
const MOST_READY = 16;

/** What there is to be had of a stream right now. */
export type Ready<T> =
  | { readonly state: "ready"; readonly batch: T }
  /** Nothing yet. */
  | { readonly state: "waiting" }
  | { readonly state: "ended" };

/**
 * An asynchronous stream that can be read without promises: it is read ahead while the event loop turns, and what is ready
 * can be taken at any time.
 */
export class Prefetched<T> {
  readonly #source: AsyncIterator<T>;
  readonly #ready: T[] = [];
  #reading = false;
  #ended = false;
  #failure: { readonly cause: unknown } | undefined;

  constructor(source: AsyncIterable<T>) {
    this.#source = source[Symbol.asyncIterator]();
    void this.#readAhead();
  }

  /** Takes the next batch, if there is one. @throws what the stream has thrown, in its place. */
  take(): Ready<T> {
    const batch = this.#ready.shift();
    void this.#readAhead();
    if (batch !== undefined) return { state: "ready", batch };
    if (this.#failure !== undefined) throw this.#failure.cause;
    return { state: this.#ended ? "ended" : "waiting" };
  }

  async #readAhead(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (!this.#ended && this.#ready.length < MOST_READY) {
        const next = await this.#source.next();
        if (next.done) this.#ended = true;
        else this.#ready.push(next.value);
      }
    } catch (cause) {
      this.#failure = { cause };
      this.#ended = true;
    } finally {
      this.#reading = false;
    }
  }

  /** Gives up the stream. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#source.return?.();
  }
}

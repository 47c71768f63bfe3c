/**
 * What is to be sent on a stream, in order, by somebody who should wait when it is more than the stream takes.
 *
 * ```ts
 * outbox.push(message, bytes);
 * const room = outbox.room();
 * if (room !== undefined) await room;
 * ```
 */
export class BoundedOutbox<T> implements AsyncIterable<T> {
  readonly #waiting: { readonly message: T; readonly size: number }[] = [];
  #size = 0;
  #wake: (() => void) | undefined;
  #ended = false;
  #room: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** @param capacity What may wait before there is no room, in the unit of {@link push}'s sizes. */
  constructor(readonly capacity: number) {}

  /** Sends a message after all that were given before. It is taken whether there is room or not. */
  push(message: T, size: number): void {
    if (this.#ended) return;
    this.#waiting.push({ message, size });
    this.#size += size;
    this.#wake?.();
  }

  /** Settles when there is room, or nobody reads any more; undefined if there is room now. */
  room(): Promise<void> | undefined {
    if (this.#size < this.capacity || this.#ended) return undefined;
    if (this.#room === undefined) {
      let resolve!: () => void;
      const promise = new Promise<void>((settle) => {
        resolve = settle;
      });
      this.#room = { promise, resolve };
    }
    return this.#room.promise;
  }

  /** Ends the stream once all has been sent. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
    this.#makeRoom();
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const first = this.#waiting.shift();
        if (first !== undefined) {
          // What has been taken counts until more is asked for: only then has the stream room for it.
          yield first.message;
          this.#size -= first.size;
          if (this.#size < this.capacity) this.#makeRoom();
        } else if (this.#ended) return;
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          this.#wake = undefined;
        }
      }
    } finally {
      this.#waiting.length = 0;
      this.end();
    }
  }
}

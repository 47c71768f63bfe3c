/**
 * What is to be sent on a stream, in order: single messages, and sequences of which each message is made only when the
 * stream is ready to take it.
 */
export class Outbox<T> implements AsyncIterable<T> {
  readonly #waiting: Iterator<T>[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  /** Sends one message after all that were given before. */
  push(message: T): void {
    this.pushAll([message]);
  }

  /** Sends messages that are made when it is their turn. They must not throw. */
  pushAll(messages: Iterable<T>): void {
    if (this.#ended) return;
    this.#waiting.push(messages[Symbol.iterator]());
    this.#wake?.();
  }

  /** Ends the stream once all has been sent. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const first = this.#waiting[0];
      if (first !== undefined) {
        const next = first.next();
        if (next.done === true) this.#waiting.shift();
        else yield next.value;
      } else if (this.#ended) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    }
  }
}

/** What has come for a bundle on data streams and has not been processed yet. */
import type { GirderError } from "../../portability/errors.js";

/** Bytes that may wait for a bundle before no more is read of the stream that they come on. */
const CAPACITY = 16 * 1024 * 1024;

/** Part of a stream of elements, or of timers of a family. */
export interface InputMessage {
  /** Id of a source; of timers, of the transform whose they are. */
  readonly transform: string;
  /** Of timers, the id of their family. */
  readonly family: string | undefined;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

export class BundleInput {
  readonly #waiting: InputMessage[] = [];
  #bytes = 0;
  #closed = false;
  #begun = false;
  #failure: GirderError | undefined;
  #reader: { resolve(message: InputMessage): void; reject(error: GirderError): void } | undefined;
  #room: (() => void) | undefined;

  push(message: InputMessage): void {
    if (this.#closed) return;
    if (this.#reader !== undefined) {
      this.#reader.resolve(message);
      this.#reader = undefined;
      return;
    }
    this.#waiting.push(message);
    this.#bytes += message.bytes.length;
  }

  /**
   * The bundle has begun. Until then, everything is taken: a bundle that it has to wait for may be behind it on the same
   * stream.
   */
  begin(): void {
    this.#begun = true;
  }

  /** The next message. Its reader asks for one at a time. */
  next(): InputMessage | Promise<InputMessage> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      this.#bytes -= first.bytes.length;
      if (this.#bytes < CAPACITY) this.#makeRoom();
      return first;
    }
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /** Settles when there is room for more, or nobody wants it; undefined if there is room now. There is one who waits. */
  room(): Promise<void> | undefined {
    if (this.#bytes < CAPACITY || this.#closed || !this.#begun) return undefined;
    return new Promise((resolve) => {
      this.#room = resolve;
    });
  }

  #makeRoom(): void {
    this.#room?.();
    this.#room = undefined;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Nothing more can come. */
  fail(error: GirderError): void {
    this.#failure ??= error;
    this.#reader?.reject(error);
    this.#reader = undefined;
  }

  /** Nobody wants what is there or still comes. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#bytes = 0;
    this.#makeRoom();
  }
}

/** Bundles that have ended, and whose data may still be on their way: so many are remembered. */
const REMEMBERED = 10_000;

/** Inputs by the id of the instruction; data may come before the instruction does. */
export class BundleInputs {
  readonly #inputs = new Map<string, BundleInput>();
  readonly #ended = new Set<string>();

  /** The input of a bundle; one that drops everything if the bundle has ended. */
  of(instruction: string): BundleInput {
    let input = this.#inputs.get(instruction);
    if (input !== undefined) return input;
    input = new BundleInput();
    if (this.#ended.has(instruction)) input.close();
    else this.#inputs.set(instruction, input);
    return input;
  }

  end(instruction: string): void {
    this.#inputs.get(instruction)?.close();
    this.#inputs.delete(instruction);
    this.#ended.add(instruction);
    if (this.#ended.size <= REMEMBERED) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      break;
    }
  }

  /** The streams are gone. */
  fail(error: GirderError): void {
    for (const input of this.#inputs.values()) input.fail(error);
  }
}

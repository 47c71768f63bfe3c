/**
 * Values of groups that are too large to be sent as they are: the worker is sent a token in their place, and asks for them in parts
 * (`beam:coder:state_backed_iterable:v1`).
 *
 * So no message has to hold them all, neither here nor at the worker, which reads them as often as its functions iterate.
 */
import { GirderError } from "../../../portability/errors.js";
import { ROOM } from "../../../portability/fn-api/room.js";
import { ElementWriter } from "./element-writer.js";
import type { StateAnswer } from "./worker-connection.js";

/** Bytes of a group, about, from which on its values are not sent with it where the worker can ask for them. */
export const LARGE = 4 << 20;
/** Bytes of an answer, about. A quarter of it takes a fifth more processor time, for the requests that there are more of. */
const PAGE = 1 << 20;
/** Room for the value that a page ends with. */
const SLACK = 16 * 1024;
/** What begins the token of an iterable, in the place of a count of values: −1 as a varint. */
const TOKEN_FOLLOWS = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);

/** Values that can be written from any one of them on that has been named as the next. */
export interface PagedValues {
  /**
   * Writes values until there are `bytes` of them, about.
   *
   * @param from 0 for the first, else what was returned before.
   * @returns by what to name the value that comes next; 0 if there is none.
   */
  page(from: number, writer: ElementWriter, bytes: number): number;
}

let tokens = 0;

/** Those of one bundle. */
export class LargeValues {
  readonly #values = new Map<string, PagedValues>();

  /** Writes an iterable that is nothing but a token for the values. */
  write(values: PagedValues, writer: ElementWriter): void {
    const token = String(++tokens);
    this.#values.set(token, values);
    writer.count(-1);
    writer.bytes(TOKEN_FOLLOWS);
    writer.varint(token.length);
    writer.bytes(Buffer.from(token));
  }

  /** @throws GirderError `not-found` for a token that was not given in the bundle, `invalid-argument` for a page that was never named. */
  answer(token: Uint8Array, continuation: Uint8Array): StateAnswer {
    const values = this.#values.get(Buffer.from(token).toString());
    if (values === undefined) throw new GirderError("not-found", "No values of this bundle have this token.");
    if (continuation.length !== 0 && continuation.length !== 6) {
      throw new GirderError(
        "invalid-argument",
        `A continuation token of ${continuation.length} bytes was never given out.`,
      );
    }
    const from = continuation.length === 0 ? 0 : Buffer.from(continuation).readUIntBE(0, 6);
    const writer = new ElementWriter(PAGE + SLACK, ROOM);
    const next = values.page(from, writer, PAGE);
    const continuationToken = Buffer.alloc(next === 0 ? 0 : 6);
    if (next !== 0) continuationToken.writeUIntBE(next, 0, 6);
    return { case: "get", value: { data: writer.take(), continuationToken } };
  }
}

/** Values that are iterated, one after another: those of a group of which some are on disk. */
export class IteratedValues implements PagedValues {
  #iterator: Iterator<unknown> | undefined;
  /** How many values have been read. */
  #at = 0;
  /** The value that was read and not written. */
  #held: IteratorResult<unknown> | undefined;

  constructor(readonly values: Iterable<unknown>) {}

  page(from: number, writer: ElementWriter, bytes: number): number {
    if (from === 0 || from !== this.#at) this.#seek(from);
    const end = writer.length + bytes;
    for (;;) {
      const next = this.#held ?? this.#iterator!.next();
      this.#held = undefined;
      if (next.done === true) {
        this.#iterator = undefined;
        return 0;
      }
      if (writer.length >= end) {
        this.#held = next;
        return this.#at;
      }
      writer.value(next.value);
      this.#at++;
    }
  }

  /** Goes to a value that is not the next. */
  #seek(to: number): void {
    this.#iterator = this.values[Symbol.iterator]();
    this.#held = undefined;
    for (this.#at = 0; this.#at < to; this.#at++) {
      if (this.#iterator.next().done === true)
        throw new GirderError("invalid-argument", "There are not so many values.");
    }
  }
}

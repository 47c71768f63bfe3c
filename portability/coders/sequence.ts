/**
 * The form that iterables, window lists and arrays share: a count of four bytes, then the elements, nested. A writer that
 * does not know the count in advance writes −1, then blocks of a varint count and that many elements, and ends with a
 * block of none; an iterable backed by state may end with −1 and a token instead.
 */
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import { malformed } from "./errors.js";

/**
 * How many elements without bytes (global windows) may stand in one sequence: four bytes could otherwise ask for two
 * thousand million of them. A value is in one global window, so this is ample.
 */
const MAX_EMPTY_ELEMENTS = 64;

/** The part of a coder that elements need. */
export interface ElementCoder<T> {
  encode(value: T, out: ByteWriter, nested: boolean): void;
  decode(input: ByteReader, nested: boolean): T;
}

/** Writes count and elements. */
export function writeSequence<T>(elements: Iterable<T>, coder: ElementCoder<T>, out: ByteWriter): void {
  if (Array.isArray(elements)) {
    out.writeInt32BE(elements.length);
    for (let i = 0; i < elements.length; i++) coder.encode(elements[i] as T, out, true);
    return;
  }
  const start = out.length;
  out.writeInt32BE(0);
  let count = 0;
  for (const element of elements) {
    coder.encode(element, out, true);
    count++;
  }
  out.setInt32BE(start, count);
}

/**
 * Reads a sequence in any form.
 *
 * @param fetch yields what lies behind a state token; without it such a sequence is refused.
 */
export function readSequence<T>(
  coder: ElementCoder<T>,
  input: ByteReader,
  fetch?: (token: Uint8Array) => Iterable<T>,
): T[] {
  const elements: T[] = [];
  const start = input.position;
  const count = input.readInt32BE();
  if (count >= 0) {
    readBlock(coder, input, count, elements, 0);
    return elements;
  }
  if (count !== -1) throw malformed(`A sequence of ${count} elements`, start);
  let empty = 0;
  for (;;) {
    const at = input.position;
    const block = input.readVarint();
    if (block === 0) return elements;
    if (block === -1) {
      if (fetch === undefined) {
        throw malformed("A sequence continues in state, which nothing here can fetch", at);
      }
      for (const element of fetch(input.readBytes(input.readLength()))) elements.push(element);
      return elements;
    }
    if (typeof block !== "number" || block < 0) throw malformed(`A block of ${block} elements`, at);
    empty = readBlock(coder, input, block, elements, empty);
  }
}

/** @returns how many elements of the sequence so far had no bytes, of which there were `emptyBefore` before. */
function readBlock<T>(
  coder: ElementCoder<T>,
  input: ByteReader,
  count: number,
  into: T[],
  emptyBefore: number,
): number {
  let empty = emptyBefore;
  for (let i = 0; i < count; i++) {
    const before = input.position;
    into.push(coder.decode(input, true));
    if (input.position === before && ++empty > MAX_EMPTY_ELEMENTS) {
      throw malformed(`A sequence has more than ${MAX_EMPTY_ELEMENTS} elements that have no bytes`, before);
    }
  }
  return empty;
}

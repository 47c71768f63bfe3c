import { ENCODED, type KeyIdentity } from "../execution/key-identity.js";
import type { ByteReader } from "./byte-reader.js";
import type { ByteWriter } from "./byte-writer.js";
import type { Coder, CoderSpec } from "./coder.js";
import { encodedIdentity, stringIdentity } from "./encoding.js";
import { malformed } from "./errors.js";
import { JS_VALUE_URN, MAX_DEPTH, SMALL_INTEGER, Tag } from "./js-value-tags.js";
import { writeJsValue } from "./js-value-writer.js";
import { setOwn } from "./own-property.js";
import { TYPED_ARRAY_KINDS } from "./typed-arrays.js";

/** Largest distance in ms of a Date from 1970. */
const MAX_DATE = 8.64e15;

/**
 * `girder:coder:js:v1`: any value made of JavaScript's own data types, in a form that says what it is.
 *
 * Written: undefined, null, booleans, numbers, bigints, strings, Dates, typed arrays, ArrayBuffers, arrays, Maps, Sets and
 * plain objects. Equal contents give equal bytes: the order of properties and of entries of Maps and Sets does not matter,
 * nor which NaN it is; 0 and −0 differ. Read back, holes of arrays are undefined, Buffers are Uint8Arrays, and properties
 * and entries may stand in another order. Accessors are read, and properties that are not enumerable, or named by symbols,
 * are left out. The encoding is the same in both contexts.
 *
 * @throws GirderError `cannot-encode` for instances of other classes, functions, symbols, cycles, and values nested more
 * than 500 deep; the message names the place.
 */
export class JsValueCoder implements Coder<unknown> {
  readonly spec: CoderSpec = { urn: JS_VALUE_URN, components: [] };
  readonly nondeterminism = undefined;

  encode(value: unknown, out: ByteWriter, _nested: boolean): void {
    writeJsValue(value, out);
  }

  decode(input: ByteReader, _nested: boolean): unknown {
    return readValue(input, 0);
  }

  keyIdentity(value: unknown): KeyIdentity {
    switch (typeof value) {
      case "string":
        return stringIdentity(this, value);
      case "boolean":
        return value;
      case "number":
        return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : encodedIdentity(this, value);
      default:
        return value === null ? NULL_IDENTITY : encodedIdentity(this, value);
    }
  }
}

/** The identity of null, the key under which combines of whole PCollections gather everything. */
const NULL_IDENTITY: KeyIdentity = ENCODED + String.fromCharCode(Tag.NULL);

/** The one {@link JsValueCoder}. */
export const JS_VALUE_CODER = new JsValueCoder();

function readValue(input: ByteReader, depth: number): unknown {
  const at = input.position;
  const tag = input.readByte();
  if (tag >= SMALL_INTEGER) return tag - SMALL_INTEGER;
  if (depth > MAX_DEPTH && tag >= Tag.DATE) throw malformed(`A value is nested more than ${MAX_DEPTH} deep`, at);
  switch (tag) {
    case Tag.UNDEFINED:
      return undefined;
    case Tag.NULL:
      return null;
    case Tag.FALSE:
      return false;
    case Tag.TRUE:
      return true;
    case Tag.INTEGER:
      return readInteger(input);
    case Tag.DOUBLE: {
      const value = input.readDoubleBE();
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) throw malformed("An integer is written as double", at);
      return value;
    }
    case Tag.POSITIVE_BIGINT:
      return readMagnitude(input);
    case Tag.NEGATIVE_BIGINT:
      return -1n - readMagnitude(input);
    case Tag.STRING:
      return input.readUtf8(input.readLength());
    case Tag.DATE: {
      const time = input.readVarint();
      if (typeof time !== "number" || Math.abs(time) > MAX_DATE) throw malformed(`A Date at ${time} ms`, at);
      return new Date(time);
    }
    case Tag.INVALID_DATE:
      return new Date(Number.NaN);
    case Tag.ARRAY_BUFFER:
      return input.readBytes(input.readLength()).buffer;
    case Tag.TYPED_ARRAY:
      return readTypedArray(input);
    case Tag.ARRAY:
      return readArray(input, depth);
    case Tag.OBJECT:
      return readObject(input, depth);
    case Tag.MAP:
      return readMap(input, depth);
    case Tag.SET:
      return readSet(input, depth);
    default:
      throw malformed(`No JavaScript value begins with the byte ${tag}`, at);
  }
}

function readInteger(input: ByteReader): number {
  const at = input.position;
  const value = input.readVarint();
  if (typeof value !== "number" || (value >= 0 && value < SMALL_INTEGER)) {
    throw malformed(`The integer ${value} is written in another way`, at);
  }
  return value;
}

function readMagnitude(input: ByteReader): bigint {
  const at = input.position;
  const bytes = input.readView(input.readLength());
  if (bytes.length === 0) return 0n;
  if (bytes[0] === 0) throw malformed("A bigint begins with a byte 0", at);
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex")}`);
}

function readTypedArray(input: ByteReader): unknown {
  const at = input.position;
  const kind = TYPED_ARRAY_KINDS[input.readByte()];
  if (kind === undefined) throw malformed("A typed array of an unknown kind", at);
  const bytes = input.readLength();
  if (bytes % kind.elementBytes !== 0) throw malformed(`${bytes} bytes of elements of ${kind.elementBytes}`, at);
  return kind.read(bytes / kind.elementBytes, input);
}

/** Every element, entry and property takes a byte at least, so {@link ByteReader.readLength} bounds their count. */
function readArray(input: ByteReader, depth: number): unknown[] {
  const count = input.readLength();
  const array: unknown[] = [];
  for (let i = 0; i < count; i++) array.push(readValue(input, depth + 1));
  return array;
}

function readObject(input: ByteReader, depth: number): Record<string, unknown> {
  const count = input.readLength();
  const object: Record<string, unknown> = {};
  let previous: string | undefined;
  for (let i = 0; i < count; i++) {
    const at = input.position;
    const name = input.readUtf8(input.readLength());
    if (previous !== undefined && name <= previous) throw malformed("Properties are not in order", at);
    previous = name;
    setOwn(object, name, readValue(input, depth + 1));
  }
  return object;
}

function readMap(input: ByteReader, depth: number): Map<unknown, unknown> {
  const at = input.position;
  const entries = readEntries(input, (): [unknown, unknown] => [
    readValue(input, depth + 1),
    readValue(input, depth + 1),
  ]);
  const map = new Map(entries);
  if (map.size < entries.length) throw malformed("A Map has a key twice", at);
  return map;
}

function readSet(input: ByteReader, depth: number): Set<unknown> {
  const at = input.position;
  const entries = readEntries(input, () => readValue(input, depth + 1));
  const set = new Set(entries);
  if (set.size < entries.length) throw malformed("A Set has an entry twice", at);
  return set;
}

function readEntries<E>(input: ByteReader, readEntry: () => E): E[] {
  const count = input.readLength();
  const entries: E[] = [];
  let previousStart = 0;
  let previousEnd = 0;
  for (let i = 0; i < count; i++) {
    const start = input.position;
    entries.push(readEntry());
    if (i > 0 && input.compare(previousStart, previousEnd, start, input.position) > 0) {
      throw malformed("Entries of a Map or Set are not in order", start);
    }
    previousStart = start;
    previousEnd = input.position;
  }
  return entries;
}

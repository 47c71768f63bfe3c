/** Getting past encoded values without decoding them. All coders in their nested form. */
import { ByteReader } from "../../../portability/coders/byte-reader.js";
import { malformed } from "../../../portability/coders/errors.js";
import { GirderError } from "../../../portability/errors.js";
import { StandardCoders } from "../../../portability/urns.js";

/**
 * Where the value that begins at `at` ends.
 *
 * A result beyond the buffer's end means that the value is truncated; whoever walks checks that once per element.
 *
 * @throws GirderError `malformed-data`
 */
export type Skip = (bytes: Buffer, at: number) => number;

const { Enum: URN } = StandardCoders;

/** @param parts Skippers of the coder's components, asked for only where it has some. */
export function skipperOf(urn: string, parts: () => readonly Skip[]): Skip {
  switch (urn) {
    case URN.BYTES:
    case URN.STRING_UTF8:
    case URN.LENGTH_PREFIX:
      return skipPrefixed;
    case URN.BOOL:
      return (_, at) => at + 1;
    case URN.DOUBLE:
      return (_, at) => at + 8;
    case URN.VARINT:
      return skipVarint;
    case URN.GLOBAL_WINDOW:
      return (_, at) => at;
    case URN.INTERVAL_WINDOW:
      return (bytes, at) => skipVarint(bytes, at + 8);
    case URN.CUSTOM_WINDOW: {
      const [window] = parts() as [Skip];
      return (bytes, at) => window(bytes, at + 8);
    }
    case URN.NULLABLE: {
      const [value] = parts() as [Skip];
      return (bytes, at) => (readFlag(bytes, at) ? value(bytes, at + 1) : at + 1);
    }
    case URN.SHARDED_KEY: {
      const [key] = parts() as [Skip];
      return (bytes, at) => key(bytes, skipPrefixed(bytes, at));
    }
    case URN.KV: {
      const [key, value] = parts() as [Skip, Skip];
      return (bytes, at) => value(bytes, key(bytes, at));
    }
    case URN.ITERABLE: {
      const [element] = parts() as [Skip];
      return (bytes, at) => skipIterable(bytes, at, element);
    }
    case URN.TIMER: {
      const [key, window] = parts() as [Skip, Skip];
      return (bytes, at) => {
        const clearAt = skipCounted(bytes, skipPrefixed(bytes, key(bytes, at)), window);
        return readFlag(bytes, clearAt) ? clearAt + 1 : skipPane(bytes, clearAt + 17);
      };
    }
    default:
      throw new Error(`values of ${urn} cannot be skipped`);
  }
}

/** Bytes of a varint, at most: 64 bits, seven a byte. */
const VARINT_BYTES = 10;

export function skipVarint(bytes: Buffer, at: number): number {
  let end = at;
  while (bytes[end++]! >= 0x80) if (end - at === VARINT_BYTES) throw malformed("A varint exceeds 64 bits", at);
  return end;
}

/** A byte that is 0 or 1. @throws GirderError `malformed-data` */
export function readFlag(bytes: Buffer, at: number): boolean {
  const byte = bytes[at];
  if (byte === undefined) throw truncated(at);
  if (byte > 1) throw malformed(`The byte ${byte}, where 0 or 1 should be`, at);
  return byte === 1;
}

function skipPrefixed(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return at + 1 + first;
  const length = readVarint(bytes, at);
  if (length > bytes.length) throw truncated(at);
  return skipVarint(bytes, at) + length;
}

function skipIterable(bytes: Buffer, at: number, element: Skip): number {
  if (at + 4 > bytes.length) throw truncated(at);
  if (bytes.readInt32BE(at) !== -1) return skipCounted(bytes, at, element);
  let end = at + 4;
  for (;;) {
    const count = readVarint(bytes, end);
    end = skipVarint(bytes, end);
    if (count === 0) return end;
    end = skipAll(bytes, end, count, element);
  }
}

/** Gets past a count of four bytes and that many elements. */
export function skipCounted(bytes: Buffer, at: number, element: Skip): number {
  if (at + 4 > bytes.length) throw truncated(at);
  const count = bytes.readInt32BE(at);
  if (count < 0) throw malformed(`A sequence of ${count} elements`, at);
  return skipAll(bytes, at + 4, count, element);
}

function skipAll(bytes: Buffer, at: number, count: number, element: Skip): number {
  let end = at;
  for (let i = 0; i < count; i++) {
    const next = element(bytes, end);
    // Where one element has no bytes (global windows), none has, however many the count says there are.
    if (next === end) return end;
    if (next > bytes.length) throw truncated(at);
    end = next;
  }
  return end;
}

/** The pane's first byte tells how many varints follow it. Of which panes there are, whoever reads it must see to. */
export function skipPane(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  let end = at + 1;
  for (let varints = (first & 0x70) >> 4; varints > 0; varints--) end = skipVarint(bytes, end);
  return end;
}

/** A varint that is not negative; inexact beyond 53 bits. @throws GirderError `malformed-data` */
export function readVarint(bytes: Buffer, at: number): number {
  let value = 0;
  let factor = 1;
  for (let i = at; i < bytes.length; i++) {
    const byte = bytes[i]!;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    if (i - at === VARINT_BYTES - 1) throw malformed("A varint exceeds 64 bits", at);
    factor *= 128;
  }
  throw truncated(at);
}

/** A varint of 64 bits, signed. @throws GirderError `malformed-data` */
export function readVarint64(bytes: Buffer, at: number): bigint {
  const value = new ByteReader(bytes, at).readVarint();
  return BigInt(value);
}

export function truncated(at: number): GirderError {
  const error = new GirderError(
    "malformed-data",
    `The element that begins at byte ${at} of a message does not end in it.`,
    {
      remedy: "The worker and the pipeline disagree about a coder; check that they come from one SDK version.",
    },
  );
  truncations.add(error);
  return error;
}

const truncations = new WeakSet<object>();

/** Whether an error says that bytes end too early, rather than that they are wrong. */
export function isTruncation(thrown: unknown): boolean {
  return typeof thrown === "object" && thrown !== null && truncations.has(thrown);
}

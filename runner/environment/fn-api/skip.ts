/** Getting past encoded values without decoding them. All coders in their nested form. */
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
      return (bytes, at) => (bytes[at] === 0 ? at + 1 : value(bytes, at + 1));
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
    default:
      throw new Error(`values of ${urn} cannot be skipped`);
  }
}

export function skipVarint(bytes: Buffer, at: number): number {
  let end = at;
  while (bytes[end++]! >= 0x80);
  return end;
}

function skipPrefixed(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return at + 1 + first;
  let length = 0;
  let factor = 1;
  let end = at;
  for (;;) {
    if (end >= bytes.length) throw truncated(at);
    const byte = bytes[end++]!;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) break;
    factor *= 128;
  }
  if (length > bytes.length) throw truncated(at);
  return end + length;
}

function skipIterable(bytes: Buffer, at: number, element: Skip): number {
  if (at + 4 > bytes.length) throw truncated(at);
  const count = bytes.readInt32BE(at);
  let end = at + 4;
  if (count >= 0) return skipAll(bytes, end, count, element);
  for (;;) {
    const from = end;
    end = skipVarint(bytes, from);
    if (end > bytes.length) throw truncated(at);
    const block = readVarint(bytes, from);
    if (block === 0) return end;
    end = skipAll(bytes, end, block, element);
  }
}

function skipAll(bytes: Buffer, at: number, count: number, element: Skip): number {
  let end = at;
  for (let i = 0; i < count; i++) {
    // Elements may take no bytes at all, but a count of them that no buffer could hold is not to be believed.
    if (end > bytes.length || count - i > MAX_COUNT) throw truncated(at);
    end = element(bytes, end);
  }
  return end;
}

const MAX_COUNT = 2 ** 31;

/** The pane's first byte tells what follows it: up to two varints, and element metadata with their length. */
export function skipPane(bytes: Buffer, at: number): number {
  const first = bytes[at]!;
  let end = at + 1;
  for (let varints = (first & 0x70) >> 4; varints > 0; varints--) end = skipVarint(bytes, end);
  return end;
}

/** A varint of at most 53 bits. */
export function readVarint(bytes: Buffer, at: number): number {
  let value = 0;
  let factor = 1;
  for (let i = at; ; i++) {
    const byte = bytes[i]!;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
}

export function truncated(at: number): GirderError {
  return new GirderError("malformed-data", `The element that begins at byte ${at} of a message does not end in it.`, {
    remedy: "The worker and the pipeline disagree about a coder; check that they come from one SDK version.",
  });
}

/** A varint of 64 bits, signed. */
export function readVarint64(bytes: Buffer, at: number): bigint {
  let value = 0n;
  for (let i = at, shift = 0n; ; i++, shift += 7n) {
    const byte = bytes[i]!;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return BigInt.asIntN(64, value);
  }
}

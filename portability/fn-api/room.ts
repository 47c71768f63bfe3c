/**
 * Payloads that leave room for the header of their message, so that to make the message of them nothing has to be copied.
 *
 * A large payload that is copied into its message takes twice its memory, and what is allocated beside JavaScript's heap keeps the
 * garbage collector busy.
 */

/** By payload, how many bytes before it may be written over. */
const rooms = new WeakMap<Uint8Array, number>();

/** Room that is enough for the headers of messages of the Fn API, whose strings are ids of ours. */
export const ROOM = 256;

/** The payload `bytes[start, end)`. The `start` bytes before it are nobody's: they may be written over, once. */
export function withRoom(bytes: Buffer, start: number, end: number): Buffer {
  const payload = bytes.subarray(start, end);
  rooms.set(payload, start);
  return payload;
}

/** Header and payload in one piece: in place where the payload has room for it, else as a copy. */
export function headed(header: Buffer, payload: Uint8Array): Buffer {
  const room = rooms.get(payload) ?? 0;
  if (room < header.length) return Buffer.concat([header, payload]);
  rooms.delete(payload);
  const message = Buffer.from(payload.buffer, payload.byteOffset - header.length, header.length + payload.byteLength);
  header.copy(message);
  return message;
}

/** A string field, with its tag. */
export function stringField(field: number, value: string): Buffer {
  const bytes = Buffer.from(value);
  return bytes.length === 0 ? bytes : Buffer.concat([delimited(field, bytes.length), bytes]);
}

/** The beginning of a field of so many bytes: tag and length. */
export function delimited(field: number, length: number): Buffer {
  return Buffer.from([...varint(field * 8 + 2), ...varint(length)]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return bytes;
}

/**
 * MurmurHash3_x86_128 (Austin Appleby, public domain), of which the first 53 bits are used: fast with 32-bit
 * multiplication, and its bits are as good as random for counting, not against an adversary.
 */

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** The 128-bit hash of `bytes` as four unsigned 32-bit words. */
export function murmur128(bytes: Uint8Array, seed = 0): [number, number, number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let [h1, h2, h3, h4] = [seed, seed, seed, seed];
  const body = length - (length % 16);
  for (let at = 0; at < body; at += 16) {
    h1 = addMul5(rotate(h1 ^ scramble(view.getInt32(at, true), C1, 15, C2), 19) + h2, 0x561ccd1b);
    h2 = addMul5(rotate(h2 ^ scramble(view.getInt32(at + 4, true), C2, 16, C3), 17) + h3, 0x0bcaa747);
    h3 = addMul5(rotate(h3 ^ scramble(view.getInt32(at + 8, true), C3, 17, C4), 15) + h4, 0x96cd1c35);
    h4 = addMul5(rotate(h4 ^ scramble(view.getInt32(at + 12, true), C4, 18, C1), 13) + h1, 0x32ac3b17);
  }
  h4 ^= scramble(tail(bytes, body + 12), C4, 18, C1);
  h3 ^= scramble(tail(bytes, body + 8), C3, 17, C4);
  h2 ^= scramble(tail(bytes, body + 4), C2, 16, C3);
  h1 ^= scramble(tail(bytes, body), C1, 15, C2);

  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finish(h1);
  h2 = finish(h2);
  h3 = finish(h3);
  h4 = finish(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  return [h1 >>> 0, (h2 + h1) >>> 0, (h3 + h1) >>> 0, (h4 + h1) >>> 0];
}

/** 53 bits of the hash of `bytes`: a whole number in [0, 2^53). */
export function hash53(bytes: Uint8Array): number {
  const [h1, h2] = murmur128(bytes);
  return h1 * 2 ** 21 + (h2 >>> 11);
}

/** Up to four bytes from `at` on, little-endian, zeros for those that are not there. */
function tail(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

function rotate(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

function scramble(k: number, by: number, rotation: number, then: number): number {
  return Math.imul(rotate(Math.imul(k, by), rotation), then);
}

function addMul5(h: number, constant: number): number {
  return (Math.imul(h, 5) + constant) | 0;
}

function finish(h: number): number {
  let mixed = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

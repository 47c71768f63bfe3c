/**
 * Writes bzip2, which Node has not: what Python's SDK reads of functions is compressed that way.
 *
 * Little is gained by it: all symbols have codes of one length. What is written is small, and was compressed before.
 */

/** Bytes in a block; what runs can add to them fits into the smallest block of the format, 100,000 bytes. */
const BLOCK_BYTES = 10_000;
const MAGIC_BLOCK = [0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const MAGIC_END = [0x17, 0x72, 0x45, 0x38, 0x50, 0x90];
/** Symbols that share a code table. */
const GROUP = 50;
/** The longest run of equal bytes that is written at once: four, and how many more. */
const LONGEST_RUN = 255;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** A bzip2 file of `bytes`. */
export function bzip2(bytes: Uint8Array): Buffer {
  const out = new BitWriter();
  out.bytes([...Buffer.from("BZh1")]);
  let total = 0;
  for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
    const block = bytes.subarray(from, from + BLOCK_BYTES);
    const crc = crcOf(block);
    total = ((total << 1) | (total >>> 31)) ^ crc;
    writeBlock(block, crc, out);
  }
  out.bytes(MAGIC_END);
  out.word(total);
  return out.finish();
}

function writeBlock(block: Uint8Array, crc: number, out: BitWriter): void {
  const { last, origin } = transformed(withRuns(block));
  const used = [...new Set(last)].sort((a, b) => a - b);
  const symbols = symbolsOf(last, used);
  // Two symbols for runs of zero, one for each other place, and the end.
  const alphabet = used.length + 2;
  const length = Math.ceil(Math.log2(alphabet));
  const groups = Math.ceil(symbols.length / GROUP);

  out.bytes(MAGIC_BLOCK);
  out.word(crc);
  out.bits(0, 1);
  out.bits(origin, 24);
  for (let high = 0; high < 16; high++) out.bits(used.some((byte) => byte >> 4 === high) ? 1 : 0, 1);
  for (let high = 0; high < 16; high++) {
    if (!used.some((byte) => byte >> 4 === high)) continue;
    for (let low = 0; low < 16; low++) out.bits(used.includes((high << 4) | low) ? 1 : 0, 1);
  }
  // The format wants two tables; all groups use the first.
  out.bits(2, 3);
  out.bits(groups, 15);
  for (let group = 0; group < groups; group++) out.bits(0, 1);
  for (let table = 0; table < 2; table++) {
    out.bits(length, 5);
    for (let symbol = 0; symbol < alphabet; symbol++) out.bits(0, 1);
  }
  // Codes of one length are the symbols themselves.
  for (const symbol of symbols) out.bits(symbol, length);
}

/** Four equal bytes are followed by the number of those that would come after them. */
function withRuns(block: Uint8Array): number[] {
  const out: number[] = [];
  for (let i = 0; i < block.length; ) {
    let run = 1;
    while (run < LONGEST_RUN && block[i + run] === block[i]) run++;
    for (let k = 0; k < Math.min(run, 4); k++) out.push(block[i]!);
    if (run >= 4) out.push(run - 4);
    i += run;
  }
  return out;
}

/** Burrows and Wheeler's transform: the last byte of each rotation, in their order, and which of them is the first rotation. */
function transformed(bytes: readonly number[]): { readonly last: readonly number[]; readonly origin: number } {
  const { length } = bytes;
  // Rotations are ordered by their first byte, then by twice as many each time.
  let order = Array.from(bytes, (_, i) => i);
  let rank = Array.from(bytes);
  for (let known = 1; ; known *= 2) {
    const ranks = rank;
    const after = (i: number): number => ranks[(i + known) % length]!;
    order = order.sort((a, b) => ranks[a]! - ranks[b]! || after(a) - after(b));
    const next = new Array<number>(length);
    let classes = 0;
    for (const [place, i] of order.entries()) {
      const before = order[place - 1];
      if (before !== undefined && (ranks[i] !== ranks[before] || after(i) !== after(before))) classes++;
      next[i] = classes;
    }
    rank = next;
    if (classes === length - 1 || known >= length) break;
  }
  return { last: order.map((i) => bytes[(i + length - 1) % length]!), origin: order.indexOf(0) };
}

/** Places in a list of bytes that has each used byte come to its front; runs of the first place as binary numbers. */
function symbolsOf(last: readonly number[], used: readonly number[]): number[] {
  const list = [...used];
  const symbols: number[] = [];
  let zeros = 0;
  const endRun = (): void => {
    for (; zeros > 0; zeros = (zeros - 1) >> 1) symbols.push((zeros - 1) & 1);
  };
  for (const byte of last) {
    const place = list.indexOf(byte);
    if (place === 0) {
      zeros++;
      continue;
    }
    endRun();
    list.splice(place, 1);
    list.unshift(byte);
    symbols.push(place + 1);
  }
  endRun();
  symbols.push(used.length + 1);
  return symbols;
}

function crcOf(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc << 8) ^ CRC_TABLE[((crc >>> 24) ^ byte) & 0xff]!;
  return ~crc;
}

/** Bits, the most significant first. */
class BitWriter {
  readonly #bytes: number[] = [];
  #byte = 0;
  #free = 8;

  bits(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      this.#byte = (this.#byte << 1) | ((value >>> bit) & 1);
      if (--this.#free > 0) continue;
      this.#bytes.push(this.#byte);
      this.#byte = 0;
      this.#free = 8;
    }
  }

  bytes(values: readonly number[]): void {
    for (const value of values) this.bits(value, 8);
  }

  word(value: number): void {
    this.bits(value >>> 0, 32);
  }

  finish(): Buffer {
    while (this.#free < 8) this.bits(0, 1);
    return Buffer.from(this.#bytes);
  }
}

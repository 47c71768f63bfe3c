/**
 * The identities of encoded keys: their bytes as Latin-1, the same string for the same bytes as often as can be had
 * cheaply. Looking up a string that has been looked up before is several times as fast as a new one of the same content.
 */

/** Keys of up to this many bytes are remembered. */
const KEY_BYTES = 32;
const FIRST_SLOTS = 1 << 10;
const MOST_SLOTS = 1 << 16;

export class KeyIdentities {
  #slots = 0;
  #strings: (string | undefined)[] = [];
  #lengths = new Uint8Array(0);
  #bytes = Buffer.alloc(0);
  #misses = 0;

  /** The identity of the key in `bytes[start, end)`. */
  of(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > KEY_BYTES) return bytes.toString("latin1", start, end);
    if (this.#misses >= this.#slots && this.#slots < MOST_SLOTS) this.#grow();
    let hash = length;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (this.#slots - 1);
    const at = slot * KEY_BYTES;
    if (this.#lengths[slot] === length) {
      const remembered = this.#bytes;
      let i = 0;
      while (i < length && remembered[at + i] === bytes[start + i]) i++;
      const known = this.#strings[slot];
      if (i === length && known !== undefined) return known;
    }
    this.#misses++;
    const identity = bytes.toString("latin1", start, end);
    this.#strings[slot] = identity;
    this.#lengths[slot] = length;
    bytes.copy(this.#bytes, at, start, end);
    return identity;
  }

  /** A larger memory, empty: it fills again from what comes. */
  #grow(): void {
    this.#slots = this.#slots === 0 ? FIRST_SLOTS : this.#slots * 4;
    this.#strings = new Array<string | undefined>(this.#slots).fill(undefined);
    this.#lengths = new Uint8Array(this.#slots);
    this.#bytes = Buffer.alloc(this.#slots * KEY_BYTES);
    this.#misses = 0;
  }
}

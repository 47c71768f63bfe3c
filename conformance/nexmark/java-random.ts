/**
 * The numbers that `java.util.Random` gives for a seed: Nexmark's events are the same for every SDK because each is seeded with its
 * own id.
 *
 * Its state has 48 bits, held here in two halves so that all products are exact.
 */
const HALF = 2 ** 24;
/** 0x5DEECE66D. */
const MULTIPLIER = { high: 0x5de, low: 0xece66d };
const INCREMENT = 0xb;

export class JavaRandom {
  #high = 0;
  #low = 0;

  /** @param seed A whole number, 0 or more. */
  constructor(seed = 0) {
    this.seed(seed);
  }

  /** Begins anew. */
  seed(seed: number): void {
    this.#high = (Math.floor(seed / HALF) ^ MULTIPLIER.high) & (HALF - 1);
    this.#low = (seed ^ MULTIPLIER.low) & (HALF - 1);
  }

  #step(): void {
    const low = this.#low * MULTIPLIER.low + INCREMENT;
    const high = this.#high * MULTIPLIER.low + this.#low * MULTIPLIER.high + Math.floor(low / HALF);
    this.#low = low % HALF;
    this.#high = high % HALF;
  }

  /** The next so many bits, 1 to 31, as a number that is not negative. */
  #bits(count: number): number {
    this.#step();
    return (((this.#high << 8) | (this.#low >>> 16)) >>> 0) >>> (32 - count);
  }

  /** Any 32 bits, with a sign. */
  nextInt(): number {
    this.#step();
    return (this.#high << 8) | (this.#low >>> 16);
  }

  /** A whole number from 0 (inclusive) to `bound`, which is at most 2^31 − 1. */
  nextBelow(bound: number): number {
    if ((bound & -bound) === bound) return Math.floor((bound * this.#bits(31)) / 2 ** 31);
    for (;;) {
      const bits = this.#bits(31);
      const value = bits % bound;
      // Of the last, incomplete run of values below the bound none is taken.
      if (bits - value + (bound - 1) < 2 ** 31) return value;
    }
  }

  /** From 0 (inclusive) to 1. */
  nextDouble(): number {
    const high = this.#bits(26);
    return (high * 2 ** 27 + this.#bits(27)) * 2 ** -53;
  }
}

/**
 * A generator of numbers in [0, 1), the same sequence for the same seed: two draws of mulberry32 (a 32-bit counter
 * through a mixing function), joined to 53 bits. For sampling and tests, not for secrets.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  const draw = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return () => ((draw() >>> 5) * 2 ** 26 + (draw() >>> 6)) / 2 ** 53;
}

/**
 * A whole number as the engine keeps small ones.
 *
 * Where a bound of some restriction has ever been too large for that (`Infinity`, an offset in a file of more than 2 GB),
 * those of all restrictions are kept as floating point, and so is what is counted from them: an author's `n % 1000` then
 * takes several times as long.
 */
export function whole(n: number): number {
  return n === (n | 0) ? n | 0 : n;
}

/** A comparator as `Array.prototype.sort` takes it: negative where `a` comes before `b`, 0 where neither does. */
export type Compare<T> = (a: T, b: T) => number;

/** What {@link naturalOrder} can compare. Dates compare by their instant. */
export type Comparable = number | bigint | string | boolean | Date;

/**
 * The order of `<`, made total: −0 comes before 0 and NaN (and an invalid Date) after every other number, so that
 * the least and greatest of any values are well defined. Strings compare by UTF-16 code unit, as `<` does.
 */
export function naturalOrder(a: Comparable, b: Comparable): number {
  if (a < b) return -1;
  if (a > b) return 1;
  const x = a instanceof Date ? a.getTime() : a;
  const y = b instanceof Date ? b.getTime() : b;
  if (Object.is(x, y)) return 0;
  if (Number.isNaN(x)) return 1;
  if (Number.isNaN(y)) return -1;
  if (Object.is(x, -0)) return -1;
  return Object.is(y, -0) ? 1 : 0;
}

/** The opposite order. */
export function reversed<T>(compare: Compare<T>): Compare<T> {
  return (a, b) => compare(b, a);
}

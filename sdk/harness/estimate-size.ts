/** How much memory a value takes, roughly. */

/** Nested values are followed this far. */
const DEPTH = 4;
/** Members of a collection that are looked at; the rest is taken to be like them. */
const MEMBERS = 16;

/** Estimated size of a value in bytes, for memory budgets. */
export function estimateSize(value: unknown, depth = DEPTH): number {
  switch (typeof value) {
    case "string":
      return 16 + value.length;
    case "object":
      break;
    default:
      return 8;
  }
  if (value === null) return 8;
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength;
  if (depth === 0) return 64;
  if (Array.isArray(value)) return 16 + members(value, value.length, depth);
  if (value instanceof Map) return 48 + members(flat(value), value.size * 2, depth);
  if (value instanceof Set) return 48 + members(value, value.size, depth);
  const values = Object.values(value);
  return 24 + members(values, values.length, depth);
}

function* flat(map: Map<unknown, unknown>): Generator<unknown> {
  for (const [key, value] of map) {
    yield key;
    yield value;
  }
}

function members(values: Iterable<unknown>, count: number, depth: number): number {
  let seen = 0;
  let bytes = 0;
  for (const value of values) {
    bytes += 8 + estimateSize(value, depth - 1);
    if (++seen === MEMBERS) break;
  }
  return seen === 0 ? 0 : (bytes / seen) * count;
}

/** Compares elements with what was expected of them. */
import { inspect, isDeepStrictEqual } from "node:util";

/** Elements named in a message for each kind of difference, at most. */
const MOST_NAMED = 10;
/** Characters of an element in a message, at most. */
const EXCERPT = 200;

/** What is there too much or too little, in the order of how it is printed. */
export interface Difference {
  readonly missing: readonly unknown[];
  readonly unexpected: readonly unknown[];
}

/** The value with every iterable in it that is no collection of its own (such as a group's values) as an array. */
export function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (value instanceof Map || value instanceof Set) return value;
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]));
}

/** The value in one line, the same for values that are deeply equal. */
function printed(value: unknown): string {
  return inspect(value, {
    sorted: true,
    depth: Number.POSITIVE_INFINITY,
    breakLength: Number.POSITIVE_INFINITY,
    compact: true,
    maxArrayLength: null,
    maxStringLength: null,
  });
}

/**
 * How two multisets differ, elements being equal where `node:util` has them deeply and strictly equal; undefined if they
 * do not.
 */
export function difference(actual: Iterable<unknown>, expected: Iterable<unknown>): Difference | undefined {
  const waiting = new Map<string, unknown[]>();
  for (const each of expected) {
    const value = plain(each);
    const key = printed(value);
    const alike = waiting.get(key);
    if (alike === undefined) waiting.set(key, [value]);
    else alike.push(value);
  }
  const unexpected: unknown[] = [];
  for (const each of actual) {
    const value = plain(each);
    const alike = waiting.get(printed(value)) ?? [];
    const at = alike.findIndex((other) => isDeepStrictEqual(other, value));
    if (at === -1) unexpected.push(value);
    else alike.splice(at, 1);
  }
  const missing = [...waiting.values()].flat();
  return missing.length === 0 && unexpected.length === 0
    ? undefined
    : { missing: inOrder(missing), unexpected: inOrder(unexpected) };
}

function inOrder(values: readonly unknown[]): unknown[] {
  return values
    .map((value) => ({ value, key: printed(value) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ value }) => value);
}

/** A difference in words, one element a line. */
export function describeDifference({ missing, unexpected }: Difference): string {
  const list = (title: string, values: readonly unknown[]): string[] => {
    if (values.length === 0) return [];
    const lines = values.slice(0, MOST_NAMED).map((value) => `    ${excerpt(value)}`);
    const more = values.length > MOST_NAMED ? [`    … and ${values.length - MOST_NAMED} more`] : [];
    return [`  ${title} (${values.length}):`, ...lines, ...more];
  };
  return [...list("missing", missing), ...list("unexpected", unexpected)].join("\n");
}

/** A value in a message. */
export function excerpt(value: unknown): string {
  const text = printed(value);
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
}

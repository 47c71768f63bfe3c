/** The elements that every subject computes with, from one function of their number. */

const KEYS = Array.from({ length: 10_000 }, (_, i) => `key-${i}`);

/** A position in a table of `size`, spread evenly. */
function spread(i: number, size: number): number {
  return (Math.imul(i, 0x9e3779b1) >>> 0) % size;
}

/** One of 10,000 keys with a number. */
export function keyed(i: number): { key: string; value: number } {
  return { key: KEYS[spread(i, KEYS.length)]!, value: i & 1023 };
}

/** Ten functions of a number, for the ten maps: each does a little arithmetic, none is the identity. */
export const TEN: readonly ((x: number) => number)[] = [
  (x) => (x * 3 + 1) % 1_000_003,
  (x) => (x * 5 + 7) % 1_000_033,
  (x) => (x * 7 + 11) % 1_000_037,
  (x) => (x * 11 + 13) % 1_000_039,
  (x) => (x * 13 + 17) % 1_000_081,
  (x) => (x * 17 + 19) % 1_000_099,
  (x) => (x * 19 + 23) % 1_000_117,
  (x) => (x * 23 + 29) % 1_000_121,
  (x) => (x * 29 + 31) % 1_000_133,
  (x) => (x * 31 + 37) % 1_000_151,
];

/** One of 1,000 keys with a one, to be counted. */
export function counted(i: number): { key: number; value: number } {
  return { key: i % 1000, value: 1 };
}

/** Event time of an element, ms: thirty million of them come within an hour. */
export function timestampOf(i: number): number {
  return Math.floor(i * 0.12);
}

/** Ms in the windows of the windowed count. */
export const WINDOW = 60_000;

/** The words of a line, as the word count splits them. */
export function wordsOf(line: string): string[] {
  return line.match(/[A-Za-z']+/g) ?? [];
}

/** What a loop makes of the windowed count: for each window, by its start, how many elements its keys have. */
export function countsByWindow(elements: number): Map<number, Map<number, number>> {
  const windows = new Map<number, Map<number, number>>();
  for (let i = 0; i < elements; i++) {
    const timestamp = timestampOf(i);
    const { key, value } = counted(i);
    const start = timestamp - (timestamp % WINDOW);
    let counts = windows.get(start);
    if (counts === undefined) {
      counts = new Map();
      windows.set(start, counts);
    }
    counts.set(key, (counts.get(key) ?? 0) + value);
  }
  return windows;
}

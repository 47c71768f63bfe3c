/** Strings of Nexmark's events. */
import type { JavaRandom } from "./java-random.js";

const A = "a".charCodeAt(0);
const LEAST = 3;
const scratch = Buffer.alloc(4096);

/** A word of 3 to `most` − 1 characters, of which some are blanks; blanks at the ends are cut off. */
export function randomWord(random: JavaRandom, most: number): string {
  const length = LEAST + random.nextBelow(most - LEAST);
  for (let i = 0; i < length; i++) scratch[i] = random.nextBelow(13) === 0 ? 32 : A + random.nextBelow(26);
  return scratch.toString("latin1", 0, length).trim();
}

/** So many characters. Every integer of the generator makes six of them; one below zero makes some that are before `a`. */
export function randomText(random: JavaRandom, length: number): string {
  let left = 0;
  let number = 0;
  for (let i = 0; i < length; i++) {
    if (left === 0) {
      number = random.nextInt();
      left = 6;
    }
    scratch[i] = A + (number % 26);
    number = Math.trunc(number / 26);
    left--;
  }
  return scratch.toString("latin1", 0, length);
}

/** What brings an event of `size` bytes to `average` bytes, give or take a fifth of what is missing. */
export function padding(random: JavaRandom, size: number, average: number): string {
  if (size > average) return "";
  const missing = average - size;
  const delta = Math.round(missing * 0.2);
  return randomText(random, missing - delta + (delta === 0 ? 0 : random.nextBelow(2 * delta)));
}

/** The functions that programs are made of, called by pipeline and oracle alike: about them there is nothing to get wrong. */
import { MODULUS } from "./program.js";

export const mapped = (value: number, salt: number): number => (value * 7 + salt) % MODULUS;
export const kept = (value: number, salt: number): boolean => (value + salt) % 3 !== 0;
/** None, one or two outputs. */
export const multiplied = (value: number, salt: number): number[] =>
  [value, (value + salt) % MODULUS].slice(0, (value + salt) % 3);
export const shifted = (value: number, timestamp: number, shift: number): number =>
  shift === 0 ? timestamp : timestamp + (value % (shift + 1));

/** A number for a multiset of numbers: the same in any order, another one where one is missing, changed or there twice. */
export function digest(values: Iterable<number>): number {
  let result = 17;
  for (const value of Array.from(values).sort((a, b) => a - b)) result = (result * 31 + value + 1) % MODULUS;
  return result;
}

export const grouped = (key: number, values: Iterable<number>): number => (key * 100 + digest(values)) % MODULUS;
export const counted = (key: number, count: number): number => (key * 100 + count) % MODULUS;
export const joined = (key: number, left: Iterable<number>, right: Iterable<number>): number =>
  (key * 100 + digest(left) * 3 + digest(right) * 5) % MODULUS;
export const besides = (value: number, others: Iterable<number>): number => (value * 11 + digest(others)) % MODULUS;

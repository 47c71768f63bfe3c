/** Functions that are what their authors call them. */
const NAMES = new WeakMap<object, string>();

/**
 * Gives a function, a DoFn or a CombineFn a name by which it is the same wherever the program was built.
 *
 * A worker compares the source text of each function with that of the submitted program. Where the two were made by different
 * compilers the texts differ, though the functions do not: a registered one is compared by its name.
 *
 * @returns the function.
 */
export function register<F extends object>(name: string, fn: F): F {
  NAMES.set(fn, name);
  return fn;
}

/** What a function, DoFn or CombineFn is compared by: its registered name, or its source text. */
export function sourceText(fn: object, source: string): string {
  const name = NAMES.get(fn);
  return name === undefined ? source : `registered ${name}`;
}

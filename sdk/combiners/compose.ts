import type { CombineFn } from "./combine-fn.js";

/** A combine function of inputs `I`, whatever its accumulator and output. */
type CombineFnOver<I> = CombineFn<I, unknown, unknown>;

/** What all of the combine functions of `F` take. */
type InputOf<F> = F extends CombineFn<infer I, infer _A, infer _O> ? I : never;
/** What a combine function yields. */
export type OutputOf<F> = F extends CombineFn<infer _I, infer _A, infer O> ? O : never;

type CommonInput<F> = (F extends unknown ? (input: InputOf<F>) => void : never) extends (input: infer I) => void
  ? I
  : never;

/**
 * Several combine functions over the same values, in one pass. The output is an array of theirs, in their order.
 *
 * @example `tuple(min, max, mean)` yields `[least, greatest, mean]`.
 */
export function tuple<const F extends readonly CombineFnOver<never>[]>(
  ...fns: F
): CombineFn<CommonInput<F[number]>, unknown[], { -readonly [K in keyof F]: OutputOf<F[K]> }> {
  type Outputs = { -readonly [K in keyof F]: OutputOf<F[K]> };
  return {
    ...inParallel<CommonInput<F[number]>>(fns),
    name: `tuple(${fns.map((fn) => fn.name ?? "combine").join(", ")})`,
    extractOutput: (accumulators) => fns.map((fn, at) => fn.extractOutput(accumulators[at])) as Outputs,
  };
}

/**
 * Several combine functions over the same values, in one pass. The output is an object of theirs, under their names.
 *
 * @example `compose({ orders: count, total: mapInput(sum, (order: Order) => order.total) })` yields `{ orders, total }`.
 */
export function compose<const F extends Readonly<Record<string, CombineFnOver<never>>>>(
  fns: F,
): CombineFn<CommonInput<F[keyof F]>, unknown[], { -readonly [K in keyof F]: OutputOf<F[K]> }> {
  type Outputs = { -readonly [K in keyof F]: OutputOf<F[K]> };
  const names = Object.keys(fns);
  const inOrder = Object.values(fns);
  return {
    ...inParallel<CommonInput<F[keyof F]>>(inOrder),
    name: `compose(${names.join(", ")})`,
    extractOutput: (accumulators) =>
      Object.fromEntries(inOrder.map((fn, at) => [names[at], fn.extractOutput(accumulators[at])])) as Outputs,
  };
}

/** All but the output: an array with an accumulator of each. */
function inParallel<I>(
  parts: readonly CombineFnOver<never>[],
): Omit<CombineFn<I, unknown[], unknown>, "extractOutput"> {
  // Parts are called only with inputs that all of them take, which the callers' signatures see to.
  const fns = parts as readonly CombineFnOver<I>[];
  return {
    createAccumulator: () => fns.map((fn) => fn.createAccumulator()),
    addInput(accumulators, input) {
      for (let at = 0; at < fns.length; at++) {
        accumulators[at] = (fns[at] as CombineFnOver<I>).addInput(accumulators[at], input);
      }
      return accumulators;
    },
    mergeAccumulators(merged) {
      const all = Array.from(merged);
      return fns.map((fn, at) => fn.mergeAccumulators(all.map((accumulators) => accumulators[at])));
    },
    compact: (accumulators) =>
      fns.map((fn, at) => (fn.compact === undefined ? accumulators[at] : fn.compact(accumulators[at]))),
  };
}

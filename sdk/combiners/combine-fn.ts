/**
 * A combine function: how many values become one, in pieces that may be put together in any order.
 *
 * A runner makes accumulators wherever values happen to be, adds values to them, ships and merges them, and extracts an
 * output at the end. So the result must not depend on how the values were dealt out: adding is commutative, and merging
 * is associative and commutative with the empty accumulator as its identity.
 */
import type { Coder } from "../../portability/coders/coder.js";

/**
 * A combine function from inputs `I` over accumulators `A` to an output `O`.
 *
 * Accumulators are plain data (numbers, bigints, strings, arrays, Maps, Sets, plain objects, typed arrays), because they
 * are encoded when they are spilled or sent to another worker. The caller owns an accumulator it has passed in only
 * through the returned one: {@link addInput} may change and return its argument, and {@link mergeAccumulators} may
 * change and return the first; it leaves the others as they are.
 */
export interface CombineFn<I, A, O> {
  /** What the step is called where the author gives no name. */
  readonly name?: string;
  /** The accumulator of no values. */
  createAccumulator(): A;
  /** The accumulator of its values and one more. */
  addInput(accumulator: A, input: I): A;
  /** The accumulator of all their values; that of no values where there is none. */
  mergeAccumulators(accumulators: Iterable<A>): A;
  /** The result. Does not change the accumulator: in a later pane more values may be added to it. */
  extractOutput(accumulator: A): O;
  /** The same accumulator made smaller, called before it is sent. Left out where there is nothing to save. */
  compact?(accumulator: A): A;
  /** How accumulators are written. Left out, they are written as JavaScript values. */
  readonly accumulatorCoder?: Coder<A>;
}

/** The output of `fn` over `inputs` with one accumulator, as a plain function call. */
export function combineAll<I, A, O>(fn: CombineFn<I, A, O>, inputs: Iterable<I>): O {
  let accumulator = fn.createAccumulator();
  for (const input of inputs) accumulator = fn.addInput(accumulator, input);
  return fn.extractOutput(accumulator);
}

/**
 * `fn` over a part of each element: `select` is called once per element.
 *
 * @example `mapInput(mean, (order: Order) => order.total)` is the mean total of orders.
 */
export function mapInput<J, I, A, O>(fn: CombineFn<I, A, O>, select: (element: J) => I): CombineFn<J, A, O> {
  return {
    ...withoutMethods(fn),
    createAccumulator: () => fn.createAccumulator(),
    addInput: (accumulator, element) => fn.addInput(accumulator, select(element)),
    mergeAccumulators: (accumulators) => fn.mergeAccumulators(accumulators),
    extractOutput: (accumulator) => fn.extractOutput(accumulator),
    ...(fn.compact === undefined ? {} : { compact: (accumulator: A) => fn.compact?.(accumulator) ?? accumulator }),
  };
}

/**
 * `fn` with its output changed by `convert`.
 *
 * @example `mapOutput(toSet<string>(), (words) => words.size)` counts distinct words exactly.
 */
export function mapOutput<I, A, O, P>(fn: CombineFn<I, A, O>, convert: (output: O) => P): CombineFn<I, A, P> {
  return {
    ...withoutMethods(fn),
    createAccumulator: () => fn.createAccumulator(),
    addInput: (accumulator, input) => fn.addInput(accumulator, input),
    mergeAccumulators: (accumulators) => fn.mergeAccumulators(accumulators),
    extractOutput: (accumulator) => convert(fn.extractOutput(accumulator)),
    ...(fn.compact === undefined ? {} : { compact: (accumulator: A) => fn.compact?.(accumulator) ?? accumulator }),
  };
}

function withoutMethods<I, A, O>(fn: CombineFn<I, A, O>): Pick<CombineFn<I, A, O>, "name" | "accumulatorCoder"> {
  return {
    ...(fn.name === undefined ? {} : { name: fn.name }),
    ...(fn.accumulatorCoder === undefined ? {} : { accumulatorCoder: fn.accumulatorCoder }),
  };
}

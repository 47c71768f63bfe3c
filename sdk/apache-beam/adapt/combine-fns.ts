/** Combine functions of the official API as Girder calls them. */
import type { Coder } from "../../../portability/coders/coder.js";
import { JS_VALUE_CODER } from "../../../portability/coders/index.js";
import { type CombineFn as GirderCombineFn, reduce } from "../../combiners/index.js";
import type { Loose } from "./loose.js";
import { ownName } from "./names.js";
import { standIn } from "./stand-in.js";

/**
 * How values become one, in pieces that may be put together in any order. In Girder's own combine functions accumulators come
 * as an iterable; here they come as an array.
 */
export interface CombineFn<I, A, O> {
  createAccumulator(): A;
  addInput(accumulator: A, input: I): A;
  mergeAccumulators(accumulators: Iterable<A>): A;
  extractOutput(accumulator: A): O;
  /** How accumulators are written. Default: as any JavaScript value. */
  accumulatorCoder?(inputCoder: Coder<I>): Coder<A>;
}

/** A combine function, or an associative and commutative function of two values. */
export type Combiner<I> = CombineFn<I, Loose, Loose> | ((a: Loose, b: Loose) => Loose);

const KNOWN = new WeakMap<object, GirderCombineFn<never, unknown, unknown>>();

/** One of Girder's own combine functions under its official name: it is called without a layer in between. */
export function known<I, A, O>(fn: GirderCombineFn<I, A, O>): CombineFn<I, A, O> {
  const { createAccumulator, addInput, mergeAccumulators, extractOutput } = fn;
  const official = { createAccumulator, addInput, mergeAccumulators, extractOutput };
  KNOWN.set(official, fn as GirderCombineFn<never, unknown, unknown>);
  return official;
}

/** A combine function as Girder calls it. */
export function toGirderCombineFn(combiner: Combiner<never>): GirderCombineFn<Loose, Loose, Loose> {
  if (typeof combiner === "function") return ofBinary(combiner);
  const same = KNOWN.get(combiner);
  if (same !== undefined) return same;
  const name = ownName(combiner);
  const coder = combiner.accumulatorCoder?.(JS_VALUE_CODER as Coder<unknown> as Coder<never>);
  return {
    ...(name === undefined ? {} : { name }),
    createAccumulator: () => combiner.createAccumulator(),
    addInput: standIn((accumulator, input) => combiner.addInput(accumulator, input as never), combiner.addInput),
    mergeAccumulators: (accumulators) => combiner.mergeAccumulators(Array.from(accumulators)),
    extractOutput: standIn((accumulator) => combiner.extractOutput(accumulator), combiner.extractOutput),
    ...(coder === undefined ? {} : { accumulatorCoder: coder as Coder<Loose> }),
  };
}

/** As a reduction, whose output over no values is undefined. */
function ofBinary(operation: (a: Loose, b: Loose) => Loose): GirderCombineFn<Loose, Loose[], Loose> {
  const reduction = reduce<Loose>(operation);
  return {
    ...reduction,
    addInput: standIn((held: Loose[], input: Loose) => reduction.addInput(held, input), operation),
    extractOutput: (held) => held[0],
  };
}

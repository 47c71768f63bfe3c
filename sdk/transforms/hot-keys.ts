/** Combining in two steps, where some keys have more values than one worker should see. */
import { type Coder, type KV, KVCoder, VARINT_CODER } from "../../portability/coders/index.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { kvCoderOf } from "./group-by-key.js";

/** Stops at the accumulator. */
export function toAccumulator<I, A>(fn: CombineFn<I, A, unknown>): CombineFn<I, A, A> {
  return {
    ...(fn.accumulatorCoder === undefined ? {} : { accumulatorCoder: fn.accumulatorCoder }),
    name: `${fn.name ?? "combine"}, parts`,
    createAccumulator: () => fn.createAccumulator(),
    addInput: (accumulator, input) => fn.addInput(accumulator, input),
    mergeAccumulators: (accumulators) => fn.mergeAccumulators(accumulators),
    extractOutput: (accumulator) => fn.compact?.(accumulator) ?? accumulator,
  };
}

/** Goes on from accumulators. */
export function fromAccumulators<A, O>(fn: CombineFn<never, A, O>): CombineFn<A, A, O> {
  return {
    ...(fn.accumulatorCoder === undefined ? {} : { accumulatorCoder: fn.accumulatorCoder }),
    name: `${fn.name ?? "combine"}, whole`,
    createAccumulator: () => fn.createAccumulator(),
    addInput: (accumulator, part) => fn.mergeAccumulators([accumulator, part]),
    mergeAccumulators: (accumulators) => fn.mergeAccumulators(accumulators),
    extractOutput: (accumulator) => fn.extractOutput(accumulator),
  };
}

/**
 * Divides the values of each key among as many keys as `fanout` says, in turn: `{ key: { key, value: part }, value }`.
 *
 * Parts are combined discarding: if each of their panes repeated what earlier ones held, the second step would count it twice.
 */
export function spread<K, I>(
  fanout: number | ((key: K) => number),
): PTransform<PCollection<KV<K, I>>, PCollection<KV<KV<K, number>, I>>> {
  return named("Spread", (input) => {
    const { key: keyCoder, value: valueCoder } = kvCoderOf(input);
    let turn = 0;
    const fn = ({ key, value }: KV<K, I>): KV<KV<K, number>, I> => {
      const parts = typeof fanout === "number" ? fanout : fanout(key);
      if (!Number.isSafeInteger(parts) || parts < 1) {
        throw new RangeError(`A key cannot be divided into ${String(parts)} parts.`);
      }
      turn = (turn + 1) % Number.MAX_SAFE_INTEGER;
      return { key: { key, value: turn % parts }, value };
    };
    const coder = new KVCoder(new KVCoder(keyCoder, VARINT_CODER as unknown as Coder<number>), valueCoder);
    const windowing = { ...input.windowing, accumulationMode: "DISCARDING" } as const;
    return input.pipeline.parDo(input, { kind: "map", fn, context: {} }, coder, windowing);
  });
}

/** Undoes {@link spread}: the parts of each key, under the key, whose panes are combined as those of `origin` were to be. */
export function gather<K, I, A>(
  origin: PCollection<KV<K, I>>,
  accumulatorCoder: Coder<A>,
): PTransform<PCollection<KV<KV<K, number>, A>>, PCollection<KV<K, A>>> {
  return named("Gather", (input) => {
    const fn = ({ key, value }: KV<KV<K, number>, A>): KV<K, A> => ({ key: key.key, value });
    const coder = new KVCoder(kvCoderOf(origin).key, accumulatorCoder);
    const { accumulationMode, alreadyMerged } = origin.windowing;
    // Windows of the parts have merged each for itself.
    const windowing = { ...input.windowing, accumulationMode, alreadyMerged };
    return input.pipeline.parDo(input, { kind: "map", fn, context: {} }, coder, windowing);
  });
}

import { create, toBinary } from "@bufbuild/protobuf";
import { type Coder, JS_VALUE_CODER, type KV, KVCoder } from "../../portability/coders/index.js";
import { CombinePayloadSchema } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { StandardPTransforms } from "../../portability/urns.js";
import { requireInteger } from "../combiners/arguments.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import { COMBINE_FN_URN } from "../pipeline/functions.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { sourceText } from "../pipeline/register.js";
import { merges } from "../windowing/custom-window-fn.js";
import { groupByKey, kvCoderOf } from "./group-by-key.js";
import { fromAccumulators, gather, spread, toAccumulator } from "./hot-keys.js";
import { impulse } from "./impulse.js";
import { asIterable } from "./side-inputs.js";

/** How a combine is to be executed and written. */
export interface CombineOptions<O> {
  /** How outputs are written. Default: as any JavaScript value. */
  readonly outputCoder?: Coder<O>;
}

/** See {@link combinePerKey}. */
export interface CombinePerKeyOptions<K, O> extends CombineOptions<O> {
  /**
   * Into how many parts the values of a key are divided, which are combined apart and then with each other. For keys with
   * so many values that one worker would be too slow; the output is the same. Where windows merge nothing is divided: parts
   * of one session could be over at different times. Default: 1.
   */
  readonly fanout?: number | ((key: K) => number);
}

/** One output for each key: its values, combined. Values are combined before they are grouped, where they are produced. */
export function combinePerKey<K, I, A, O>(
  fn: CombineFn<I, A, O>,
  options: CombinePerKeyOptions<K, O> = {},
): PTransform<PCollection<KV<K, I>>, PCollection<KV<K, O>>> {
  const { fanout, ...others } = options;
  if (typeof fanout === "number") requireInteger("The fanout of a combine", fanout, 1);
  return named(`CombinePerKey${fn.name === undefined ? "" : `(${fn.name})`}`, (input) => {
    const { pipeline } = input;
    if (fanout !== undefined && fanout !== 1 && !merges(input.windowing.windowFn)) {
      const accumulatorCoder = fn.accumulatorCoder ?? (JS_VALUE_CODER as Coder<unknown> as Coder<A>);
      return input
        .apply(spread(fanout))
        .apply(combinePerKey(toAccumulator(fn), { outputCoder: accumulatorCoder }))
        .apply(gather(input, accumulatorCoder))
        .apply(combinePerKey(fromAccumulators(fn), others));
    }
    const { key } = kvCoderOf(input);
    const spec = pipeline.addFunction(COMBINE_FN_URN, fn, sourceText(fn, `${fn.addInput} ${fn.extractOutput}`));
    const accumulatorCoder = (fn.accumulatorCoder ?? JS_VALUE_CODER) as Coder<unknown>;
    const payload = toBinary(
      CombinePayloadSchema,
      create(CombinePayloadSchema, { combineFn: spec, accumulatorCoderId: pipeline.addCoder(accumulatorCoder) }),
    );
    pipeline.describe(StandardPTransforms.Composites.COMBINE_PER_KEY, payload);
    pipeline.inEnvironment();
    const combineValues = named("CombineValues", (grouped: PCollection<KV<K, Iterable<I>>>) => {
      const { out } = pipeline.primitive({
        urn: StandardPTransforms.CombineComponents.COMBINE_GROUPED_VALUES,
        payload,
        inputs: { main: grouped },
        outputs: { out: new KVCoder(key, options.outputCoder ?? JS_VALUE_CODER) as Coder<unknown> },
        windowing: grouped.windowing,
        bounded: grouped.bounded,
        inEnvironment: true,
      });
      return out as PCollection<KV<K, O>>;
    });
    return input.apply(groupByKey()).apply(combineValues);
  });
}

/** See {@link combineGlobally}. */
export interface CombineGloballyOptions<O> extends CombineOptions<O> {
  /**
   * Whether nothing combined is still something: a count of 0, a sum of 0. Default: yes in the global window with the
   * default trigger. In other windows it cannot be said which of them are empty, so they never give an output for nothing.
   */
  readonly defaultForEmpty?: boolean;
  /** Into how many parts the elements are divided, which are combined apart and then with each other. Default: 1. */
  readonly fanout?: number;
}

/** One output for each window: all its elements, combined. */
export function combineGlobally<I, A, O>(
  fn: CombineFn<I, A, O>,
  options: CombineGloballyOptions<O> = {},
): PTransform<PCollection<I>, PCollection<O>> {
  return named(`CombineGlobally${fn.name === undefined ? "" : `(${fn.name})`}`, (input) => {
    const keyed = input.map("WithVoidKey", (value): KV<null, I> => ({ key: null, value }));
    const combined = keyed.apply(combinePerKey(fn, options)).map("Values", ({ value }) => value) as PCollection<O>;
    if (options.outputCoder !== undefined) combined.withCoder(options.outputCoder);
    // Where there are several panes, it cannot be told from one of them that there is nothing at all.
    const once = input.windowing.windowFn.kind === "global" && input.windowing.trigger.kind === "default";
    if (!once || !input.bounded || options.defaultForEmpty === false) return combined;
    const empty = fn.extractOutput(fn.createAccumulator());
    const orDefault = input.pipeline.root.apply(impulse()).flatMap(
      "OrDefault",
      (_, { outputs }) => {
        const [output = { value: empty }] = Array.from(outputs, (value) => ({ value }));
        return [output.value];
      },
      { outputs: asIterable(combined) },
    );
    if (options.outputCoder !== undefined) orDefault.withCoder(options.outputCoder);
    return orDefault;
  });
}

/**
 * Grouping by a part of the elements, and combining what is in the groups.
 *
 * ```ts
 * orders.apply(groupBy("customer"))                                     // KV<string, Iterable<Order>>
 * orders.apply(groupBy("customer").combining("total", mean, "average")) // { customer, average }
 * ```
 */
import type { KV } from "../../portability/coders/index.js";
import type { CombineFn } from "../combiners/combine-fn.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { type Combining, combiningRows, type GroupAndCombine, keyToRow } from "./group-and-combine.js";
import { groupByKey } from "./group-by-key.js";
import { withKvCoder } from "./key-values.js";
import { type KeySelector, type PartSelector, type Selectable, type Selected, selected } from "./selectors.js";
import { settled } from "./settled.js";

/** A grouping by properties, or by an object of properties and functions. See {@link groupBy}. */
export interface GroupBy<S, Name extends string> {
  <T extends Selectable<S>>(input: PCollection<T>): PCollection<KV<Selected<T, S>, Iterable<T>>>;
  /**
   * What is combined of each group: a property or function of the elements, the combine function, and the name of its
   * output in the rows that come of it.
   *
   * @throws GirderError `invalid-argument` for an output name that the row has already.
   */
  combining<Part extends string, I, A, O, Output extends string>(
    part: Part,
    fn: CombineFn<I, A, O>,
    output: Output,
  ): GroupAndCombine<S, Name, { readonly [P in Part]: I }, { readonly [P in Output]: O }>;
  combining<E, I, A, O, Output extends string>(
    part: (element: E) => I | PromiseLike<I>,
    fn: CombineFn<I, A, O>,
    output: Output,
  ): GroupAndCombine<S, Name, E, { readonly [P in Output]: O }>;
}

/** A grouping by a function. See {@link groupBy}. */
export interface GroupByFunction<T, K, Name extends string> {
  (input: PCollection<T>): PCollection<KV<Awaited<K>, Iterable<T>>>;
  /** As that of {@link GroupBy}. */
  combining<Part extends keyof T & string, A, O, Output extends string>(
    part: Part,
    fn: CombineFn<T[Part], A, O>,
    output: Output,
  ): GroupAndCombine<(element: T) => K, Name, T, { readonly [P in Output]: O }>;
  combining<I, A, O, Output extends string>(
    part: (element: T) => I | PromiseLike<I>,
    fn: CombineFn<NoInfer<I>, A, O>,
    output: Output,
  ): GroupAndCombine<(element: T) => K, Name, T, { readonly [P in Output]: O }>;
}

/** A grouping of all elements of a window. See {@link groupGlobally}. */
export interface GroupGlobally {
  <T>(input: PCollection<T>): PCollection<Iterable<T>>;
  /** As that of {@link GroupBy}. */
  combining<Part extends string, I, A, O, Output extends string>(
    part: Part,
    fn: CombineFn<I, A, O>,
    output: Output,
  ): GroupAndCombine<undefined, never, { readonly [P in Part]: I }, { readonly [P in Output]: O }>;
  combining<E, I, A, O, Output extends string>(
    part: (element: E) => I | PromiseLike<I>,
    fn: CombineFn<I, A, O>,
    output: Output,
  ): GroupAndCombine<undefined, never, E, { readonly [P in Output]: O }>;
}

/**
 * Groups elements by a property, by a function of them, or by an object of those; keys are equal where they are written as
 * equal bytes, objects by their contents.
 *
 * By itself it gives pairs of key and elements. With `.combining(part, fn, output)`, as often as one likes, it gives rows
 * instead, and combines before it groups. In a row the key is called `name`: by default as the property, or `key` for a
 * function; the parts of an object of selectors stand in the row under their own names.
 */
export function groupBy<T, K, const Name extends string = "key">(
  key: (element: T) => K,
  name?: Name,
): GroupByFunction<T, K, Name>;
export function groupBy<const S extends string, const Name extends string = S>(key: S, name?: Name): GroupBy<S, Name>;
export function groupBy<const S extends Readonly<Record<string, PartSelector>>>(key: S): GroupBy<S, never>;
export function groupBy(key: KeySelector, name?: string): unknown {
  const keyOf = selected(key);
  const group = named("GroupBy", (input: PCollection<unknown>) => {
    const keyed = input.map("WithKeys", (value) =>
      settled(keyOf(value), (own): KV<unknown, unknown> => ({ key: own, value })),
    );
    return withKvCoder(keyed, { value: input.coder }).apply(groupByKey());
  });
  const toRow = keyToRow(key, name);
  return withCombining(group, (combining) => combiningRows({ keyOf, toRow }, [combining]));
}

/**
 * Groups all elements of a window: to one iterable, or with `.combining(part, fn, output)` to one row.
 *
 * A window without elements has no group; but rows are combined of nothing, too, in the global window.
 */
export function groupGlobally(): GroupGlobally {
  const group = named("GroupGlobally", (input: PCollection<unknown>) => {
    const keyed = input.map("WithVoidKey", (value): KV<null, unknown> => ({ key: null, value }));
    return withKvCoder(keyed, { value: input.coder })
      .apply(groupByKey())
      .map("Values", ({ value }) => value);
  });
  return withCombining(group, (combining) => combiningRows(undefined, [combining])) as unknown as GroupGlobally;
}

function withCombining<I, O>(group: PTransform<I, O>, combine: (combining: Combining) => unknown): PTransform<I, O> {
  const combining = (part: PartSelector, fn: Combining["fn"], output: string): unknown => combine({ part, fn, output });
  return Object.assign(group, { combining });
}

/**
 * Grouping by a part of the elements, and combining what is in the groups.
 *
 * @module girder/apache-beam/transforms/group_and_combine
 */

import type { CombineFn as GirderCombineFn } from "../../combiners/index.js";
import type { PCollection as GirderPCollection } from "../../pipeline/pcollection.js";
import { coGroupBy as girderCoGroupBy } from "../../transforms/co-group.js";
import type { GroupAndCombine } from "../../transforms/group-and-combine.js";
import { groupBy as girderGroupBy, groupGlobally as girderGroupGlobally } from "../../transforms/group-by.js";
import { type CombineFn, type Combiner, toGirderCombineFn } from "../adapt/combine-fns.js";
import type { Loose } from "../adapt/loose.js";
import { ownName, stepName } from "../adapt/names.js";
import { standIn } from "../adapt/stand-in.js";
import { PCollection } from "../pvalue.js";
import type { KV } from "../values.js";
import * as combiners from "./combiners.js";
import { type PTransform, PTransformClass, withName } from "./transform.js";

export type { CombineFn };

/** By what elements are grouped: a field, several fields, or a function. */
type Key<T, K> = string | string[] | ((element: T) => K);
type Part = string | ((element: never) => unknown);
/** Girder's groupings, of which the types are not followed here: rows are of any type in the official API. */
type Combining = {
  combining(
    part: Part,
    fn: GirderCombineFn<never, unknown, unknown>,
    output: string,
  ): GroupAndCombine<Loose, Loose, Loose, Loose>;
};

/** A grouping. See {@link groupBy}. */
export class GroupBy<T, K> extends PTransformClass<PCollection<T>, PCollection<KV<K, Iterable<T>>>> {
  readonly keyFn: (element: T) => K;
  /** What the key is called in the rows of {@link combining}: a name, or one for each of several fields. */
  readonly keyNames: string | string[];
  readonly keyName: string;
  readonly #key: Key<T, K>;

  constructor(key: Key<T, K>, keyName?: string) {
    super();
    this.#key = key;
    this.keyFn = keyFn(key);
    this.keyNames = typeof key === "function" ? (keyName ?? "key") : key;
    this.keyName = typeof this.keyNames === "string" ? this.keyNames : "key";
  }

  override expand(input: PCollection<T>): PCollection<KV<K, Iterable<T>>> {
    const groups = girderGroupBy(this.keyFn)(input.girder);
    return new PCollection(groups.map("ToArrays", ({ key, value }) => ({ key: key as K, value: Array.from(value) })));
  }

  /**
   * Rows instead of groups, with the key and what is combined of each group.
   *
   * @param expr A field or function of the elements. @param resultName The name of the output in the row.
   */
  combining<I, E extends T = T>(
    expr: string | ((element: E) => I),
    combiner: Combiner<I>,
    resultName: string,
  ): GroupByAndCombine<T> {
    const { keyNames } = this;
    const fields = Array.isArray(keyNames) ? Object.fromEntries(keyNames.map((name) => [name, name])) : undefined;
    const grouping =
      fields === undefined ? girderGroupBy(this.#key as (element: T) => K, this.keyName) : girderGroupBy(fields);
    return combiningOf(grouping as unknown as Combining, expr, combiner, resultName, this);
  }
}

/**
 * Groups elements by a field, by several fields, or by a function, to `{ key, value: elements }`; with
 * `.combining(expr, combiner, resultName)`, as often as one likes, to rows.
 *
 * @param keyName What a function's key is called in the rows. Default `key`.
 */
export function groupBy<T, K>(key: Key<T, K>, keyName?: string): GroupBy<T, K> {
  const by = typeof key === "function" ? stepName("groupBy", key) : `groupBy(${key})`;
  return withName(by, new GroupBy<T, K>(key, keyName));
}

/** A grouping of everything. See {@link groupGlobally}. */
export class GroupGlobally<T> extends PTransformClass<PCollection<T>, PCollection<Iterable<T>>> {
  override expand(input: PCollection<T>): PCollection<Iterable<T>> {
    return new PCollection(girderGroupGlobally()(input.girder).map("ToArrays", (value) => Array.from(value)));
  }

  /** One row instead, with what is combined of all elements. See {@link GroupBy.combining}. */
  combining<I, E extends T = T>(
    expr: string | ((element: E) => I),
    combiner: Combiner<I>,
    resultName: string,
  ): GroupByAndCombine<T> {
    return combiningOf(girderGroupGlobally() as unknown as Combining, expr, combiner, resultName, this);
  }
}

/** Groups all elements of each window to one iterable; with `.combining(expr, combiner, resultName)`, to one row. */
export function groupGlobally<T>(): GroupGlobally<T> {
  return withName("groupGlobally", new GroupGlobally<T>());
}

/** A grouping whose groups are combined to rows. */
export class GroupByAndCombine<T> extends PTransformClass<PCollection<T>, PCollection<Loose>> {
  constructor(private readonly girder: GroupAndCombine<Loose, Loose, Loose, Loose>) {
    super();
  }

  override expand(input: PCollection<T>): PCollection<Loose> {
    return new PCollection(this.girder(input.girder as GirderPCollection<Loose>));
  }

  /** One more output. See {@link GroupBy.combining}. */
  combining<I, E extends T = T>(
    expr: string | ((element: E) => I),
    combiner: Combiner<I>,
    resultName: string,
  ): GroupByAndCombine<T> {
    return combiningOf(this.girder as unknown as Combining, expr, combiner, resultName, this);
  }
}

function combiningOf<T, I>(
  grouping: Combining,
  expr: string | ((element: never) => I),
  combiner: Combiner<I>,
  resultName: string,
  of: object,
): GroupByAndCombine<T> {
  const combined = grouping.combining(expr as Part, toGirderCombineFn(combiner as Combiner<never>), resultName);
  return withName(ownName(of) ?? "groupBy", new GroupByAndCombine<T>(combined));
}

/** Each distinct element, and how often it occurs. */
export function countPerElement<T>(): PTransform<PCollection<T>, PCollection<{ element: T; count: number }>> {
  return withName(
    "countPerElement",
    groupBy((element: T) => element, "element").combining((element) => element, combiners.count, "count"),
  );
}

/** The number of elements; 0 for none, in the global window. */
export function countGlobally<T>(): PTransform<PCollection<T>, PCollection<number>> {
  return withName("countGlobally", (input: PCollection<T>) =>
    input
      .apply(groupGlobally<T>().combining((element) => element, combiners.count, "count"))
      .map(({ count }) => count as number),
  );
}

/**
 * For each key that any of the PCollections has, the elements that each of them has for it:
 * `P({ emails, phones }).apply(coGroupBy("name"))` gives `{ key, values: { emails, phones } }`.
 */
export function coGroupBy<T, K>(
  key: Key<T, K>,
  _keyName?: string,
): PTransform<{ [key: string]: PCollection<Loose> }, PCollection<{ key: K; values: { [key: string]: Loose[] } }>> {
  const by = typeof key === "function" ? stepName("coGroupBy", key) : `coGroupBy(${key})`;
  return withName(by, (inputs: { [key: string]: PCollection<Loose> }) => {
    const girder = Object.fromEntries(Object.entries(inputs).map(([tag, input]) => [tag, input.girder]));
    const keys = Object.fromEntries(Object.keys(inputs).map((tag) => [tag, keyFn(key) as (element: Loose) => K]));
    const grouped = girderCoGroupBy<typeof girder, typeof keys>(keys)(girder);
    const toArrays = grouped.map("ToArrays", ({ key: own, value }) => ({
      key: own as K,
      values: Object.fromEntries(
        Object.entries(value).map(([tag, elements]) => [tag, Array.from(elements as Iterable<Loose>)]),
      ),
    }));
    return new PCollection(toArrays);
  });
}

/** A {@link CombineFn} of an associative and commutative function; its output over no values is undefined. */
export function binaryCombineFn<I>(combiner: (a: I, b: I) => I): CombineFn<I, I | undefined, I> {
  const add = (a: I | undefined, b: I | undefined): I | undefined => {
    if (a === undefined || a === null) return b;
    return b === undefined || b === null ? a : combiner(a, b);
  };
  return {
    createAccumulator: () => undefined,
    addInput: standIn(add, combiner),
    mergeAccumulators: (accumulators) => Array.from(accumulators).reduce(add, undefined),
    extractOutput: (accumulator) => accumulator as I,
  };
}

function keyFn<T, K>(key: Key<T, K>): (element: T) => K {
  if (typeof key === "function") return key;
  const field = (element: T, name: string): unknown => (element as Readonly<Record<string, unknown>>)[name];
  return Array.isArray(key)
    ? (element) => key.map((name) => field(element, name)) as K
    : (element) => field(element, key) as K;
}

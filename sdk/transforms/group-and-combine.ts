/** Groups combined to rows: what `groupBy(…).combining(…)` is. */
import type { KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { type CombineFn, mapInput, mapOutput } from "../combiners/combine-fn.js";
import { tuple } from "../combiners/compose.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named } from "../pipeline/pvalue.js";
import { combineGlobally, combinePerKey } from "./combine.js";
import { type KeySelector, type PartSelector, partOf, type Selectable, type Selected } from "./selectors.js";
import { isThenable, settled } from "./settled.js";

/** The part of a row that the key is. */
export type KeyRow<T, S, Name extends string> = S extends undefined
  ? unknown
  : S extends PartSelector
    ? { readonly [P in Name]: Selected<T, S> }
    : Selected<T, S>;

type Flat<T> = { readonly [K in keyof T]: T[K] };

type Required<S> = S extends undefined ? unknown : Selectable<S>;

/**
 * Groups by `S`, the key called `Name` in the rows; takes elements that are `Parts`, gives rows with `Outputs` beside the key.
 */
export interface GroupAndCombine<S, Name extends string, Parts, Outputs> {
  <T extends Required<S> & Parts>(input: PCollection<T>): PCollection<Flat<KeyRow<T, S, Name> & Outputs>>;
  /** One more output. See `GroupBy.combining`. */
  combining<Part extends string, I, A, O, Output extends string>(
    part: Part,
    fn: CombineFn<I, A, O>,
    output: Output,
  ): GroupAndCombine<S, Name, Parts & { readonly [P in Part]: I }, Outputs & { readonly [P in Output]: O }>;
  combining<E, I, A, O, Output extends string>(
    part: (element: E) => I | PromiseLike<I>,
    fn: CombineFn<I, A, O>,
    output: Output,
  ): GroupAndCombine<S, Name, Parts & E, Outputs & { readonly [P in Output]: O }>;
}

/** One output of a row. */
export interface Combining {
  readonly part: PartSelector;
  readonly fn: CombineFn<unknown, unknown, unknown>;
  readonly output: string;
}

/** The key of a grouping: how it is taken from an element, and what it is in a row. */
export interface RowKey {
  readonly keyOf: (element: unknown) => unknown;
  readonly toRow: {
    readonly names: readonly string[];
    readonly of: (key: unknown) => Readonly<Record<string, unknown>>;
  };
}

/** What a key is in a row: see `groupBy`. */
export function keyToRow(key: KeySelector, name: string | undefined): RowKey["toRow"] {
  if (typeof key === "object" && key !== null) {
    return { names: Object.keys(key), of: (own) => own as Readonly<Record<string, unknown>> };
  }
  const own = name ?? (typeof key === "string" ? key : "key");
  return { names: [own], of: (value) => ({ [own]: value }) };
}

/** The transform from elements to rows; over all elements where there is no key. */
export function combiningRows(key: RowKey | undefined, combinings: readonly Combining[]): unknown {
  const names = [...(key?.toRow.names ?? []), ...combinings.map(({ output }) => output)];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new GirderError("invalid-argument", `Two fields of the row are called "${twice}".`, {
      where: "groupBy",
      remedy: "Give the output of each combining a name of its own, other than that of the key.",
    });
  }
  const parts = combinings.map(({ part }) => partOf(part));
  const outputs = combinings.map(({ output }) => output);
  const row = (values: readonly unknown[], of: Readonly<Record<string, unknown>>): Record<string, unknown> => {
    const made = { ...of };
    for (const [i, name] of outputs.entries()) made[name] = values[i];
    return made;
  };
  // One output needs no array around each element's part and each accumulator.
  const [only, ...others] = combinings;
  const fn: CombineFn<unknown, unknown, readonly unknown[]> =
    others.length === 0
      ? mapOutput(only!.fn, (output) => [output])
      : tuple(...combinings.map(({ fn: each }, i) => mapInput(each, (values: readonly unknown[]) => values[i])));
  const partsOf = (element: unknown): unknown => {
    if (others.length === 0) return parts[0]!(element);
    const values = parts.map((part) => part(element));
    return values.some(isThenable) ? Promise.all(values) : values;
  };
  const transform =
    key === undefined
      ? named("GroupGloballyAndCombine", (input: PCollection<unknown>) =>
          input
            .map("Parts", partsOf)
            .apply(combineGlobally(fn))
            .map("Row", (values) => row(values, {})),
        )
      : named("GroupByAndCombine", (input: PCollection<unknown>) =>
          input
            .map("Parts", (element) =>
              settled(key.keyOf(element), (own) =>
                settled(partsOf(element), (value): KV<unknown, unknown> => ({ key: own, value })),
              ),
            )
            .apply(combinePerKey(fn))
            .map("Row", ({ key: own, value }) => row(value, key.toRow.of(own))),
        );
  const combining = (part: PartSelector, each: Combining["fn"], output: string): unknown =>
    combiningRows(key, [...combinings, { part, fn: each, output }]);
  return Object.assign(transform, { combining });
}

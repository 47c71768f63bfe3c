/** Several PCollections grouped by the same keys: joins of any kind begin here. */
import { type Coder, JS_VALUE_CODER, type KV } from "../../portability/coders/index.js";
import { GirderError } from "../../portability/errors.js";
import { pipelineOf } from "../pipeline/collections.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { windowingKey } from "../pipeline/windowing.js";
import { flatten } from "./flatten.js";
import { groupByKey, kvCoderOf } from "./group-by-key.js";
import { withKvCoder } from "./key-values.js";
import { type PartOf, type PartSelector, partOf } from "./selectors.js";
import { settled } from "./settled.js";

type Inputs = Readonly<Record<string, PCollection<unknown>>>;
type ElementOf<P> = P extends PCollection<infer T> ? T : never;

/** For each input, the elements of a key. */
export type CoGrouped<S> = { readonly [Tag in keyof S]: Iterable<ElementOf<S[Tag]>> };

interface Tagged {
  readonly tag: string;
  readonly value: unknown;
}

/**
 * For each key that any of the PCollections has, the values that each of them has for it.
 *
 * @throws GirderError `invalid-argument` for no PCollections, `incompatible-windows` where they are windowed differently,
 * `nondeterministic-key` for keys that cannot be compared by their bytes.
 * @example `P({ orders, people }).apply(coGroupByKey())` gives `KV<string, { orders: Iterable<Order>, people: Iterable<Person> }>`.
 */
export function coGroupByKey<S extends Readonly<Record<string, PCollection<KV<unknown, unknown>>>>>(): PTransform<
  S,
  PCollection<KV<ElementOf<S[keyof S]>["key"], { readonly [Tag in keyof S]: Iterable<ElementOf<S[Tag]>["value"]> }>>
> {
  return named("CoGroupByKey", (pairs) => {
    checkInputs(pairs);
    const coders = new Set(Object.values(pairs).map((input) => kvCoderOf(input).key));
    const [first] = coders;
    const tagged = Object.entries(pairs).map(([tag, input]) =>
      input.map(`Tag(${tag})`, ({ key, value }): KV<unknown, Tagged> => ({ key, value: { tag, value } })),
    );
    const grouped = coGroup(tagged, Object.keys(pairs), coders.size === 1 ? first : undefined);
    return grouped as PCollection<
      KV<ElementOf<S[keyof S]>["key"], { readonly [Tag in keyof S]: Iterable<ElementOf<S[Tag]>["value"]> }>
    >;
  });
}

/** A {@link coGroupBy} by one property of all elements. */
export type CoGroupByProperty<Property extends string> = <
  S extends Readonly<Record<string, PCollection<{ readonly [P in Property]: unknown }>>>,
>(
  inputs: S,
) => PCollection<KV<{ [Tag in keyof S]: PartOf<ElementOf<S[Tag]>, Property> }[keyof S], CoGrouped<S>>>;

/**
 * For each key that any of the PCollections has, the elements that each of them has for it.
 *
 * @param by The property of all elements that is the key, or for each PCollection the property or function.
 * @throws GirderError as {@link coGroupByKey} does.
 * @example `P({ orders, people }).apply(coGroupBy({ orders: "buyer", people: (person) => person.name }))`
 */
export function coGroupBy<const Property extends string>(by: Property): CoGroupByProperty<Property>;
export function coGroupBy<
  S extends Inputs,
  const By extends {
    readonly [Tag in keyof S]: (keyof ElementOf<S[Tag]> & string) | ((element: ElementOf<S[Tag]>) => unknown);
  },
>(
  by: By,
): PTransform<S, PCollection<KV<{ [Tag in keyof S]: PartOf<ElementOf<S[Tag]>, By[Tag]> }[keyof S], CoGrouped<S>>>>;
export function coGroupBy(by: string | Readonly<Record<string, PartSelector>>): unknown {
  return named("CoGroupBy", (inputs: Inputs) => {
    checkInputs(inputs);
    const tagged = Object.entries(inputs).map(([tag, input]) => {
      const keyOf = partOf(typeof by === "string" ? by : by[tag]!);
      return input.map(`Tag(${tag})`, (value) =>
        settled(keyOf(value), (key): KV<unknown, Tagged> => ({ key, value: { tag, value } })),
      );
    });
    return coGroup(tagged, Object.keys(inputs), undefined);
  });
}

function coGroup(
  tagged: readonly PCollection<KV<unknown, Tagged>>[],
  tags: readonly string[],
  keyCoder: Coder<unknown> | undefined,
): PCollection<KV<unknown, Readonly<Record<string, readonly unknown[]>>>> {
  const [first] = tagged;
  const all = first!.pipeline.applyTo(tagged, flatten()) as PCollection<KV<unknown, Tagged>>;
  const grouped = withKvCoder(all, { key: keyCoder }).apply(groupByKey());
  const untagged = grouped.map("Untag", ({ key, value: group }) => {
    const value: Record<string, unknown[]> = Object.fromEntries(tags.map((tag) => [tag, []]));
    for (const each of group) value[each.tag]!.push(each.value);
    return { key, value };
  });
  return withKvCoder(untagged, { key: keyCoder ?? (JS_VALUE_CODER as Coder<unknown>) });
}

function checkInputs(inputs: Inputs): void {
  const { where } = pipelineOf(inputs);
  const [[firstTag, first], ...others] = Object.entries(inputs) as [[string, PCollection<unknown>]];
  for (const [tag, input] of others as readonly [string, PCollection<unknown>][]) {
    if (windowingKey(input.windowing) === windowingKey(first.windowing)) continue;
    throw new GirderError(
      "incompatible-windows",
      `"${firstTag}" is in ${first.windowing.windowFn.kind} windows, "${tag}" in ${input.windowing.windowFn.kind} ones or in others of them.`,
      { where, remedy: "Apply the same windowInto to all inputs of a CoGroupByKey." },
    );
  }
}

import type { Coder } from "../../portability/coders/index.js";
import { requireInteger } from "../combiners/arguments.js";
import type { Context, Resolved } from "../pipeline/context.js";
import { addParDo } from "../pipeline/element-wise.js";
import type { PCollection } from "../pipeline/pcollection.js";
import { named, type PTransform } from "../pipeline/pvalue.js";
import { settled } from "./settled.js";

/** `[T, T, T]` for the number 3; `T[]` for a number that only the running program knows. */
export type ArrayOf<T, N extends number, Made extends readonly T[] = []> = number extends N
  ? T[]
  : Made["length"] extends N
    ? Made
    : ArrayOf<T, N, readonly [...Made, T]>;

/**
 * The elements dealt out to `n` PCollections. A context, as the third argument, is what `fn` is handed beside its element: see
 * `Context`.
 *
 * @param fn The number of the PCollection that an element goes to, from 0. Another number is a `user-exception` when the
 * pipeline runs.
 * @throws GirderError `invalid-argument` if `n` is not a whole number of at least 1.
 * @example `const [even, odd] = numbers.apply(partition((x) => x % 2, 2));`
 */
export function partition<T, const N extends number>(
  fn: (element: T, n: number) => number | PromiseLike<number>,
  n: N,
): PTransform<PCollection<T>, ArrayOf<PCollection<T>, N>>;
export function partition<T, const N extends number, C extends Context>(
  fn: (element: T, n: number, context: Resolved<C>) => number | PromiseLike<number>,
  n: N,
  context: C,
): PTransform<PCollection<T>, ArrayOf<PCollection<T>, N>>;
export function partition<T, const N extends number>(
  fn: (element: T, n: number, context: never) => number | PromiseLike<number>,
  n: N,
  context: Context = {},
): PTransform<PCollection<T>, ArrayOf<PCollection<T>, N>> {
  requireInteger("Partition", n, 1);
  const tags = Array.from({ length: n }, (_, i) => String(i));
  return named("Partition", (input) => {
    const route = (element: T, resolved: never) =>
      settled(fn(element, n, resolved), (index) => {
        const tag = tags[index];
        if (tag !== undefined) return [{ tag, value: element }];
        throw new RangeError(`The function gave the number ${String(index)} for one of ${n} partitions, from 0.`);
      });
    const coder = input.coder as Coder<unknown> | undefined;
    const outputs = Object.fromEntries(tags.map((tag) => [tag, coder]));
    const routed = addParDo(input.pipeline, input, { kind: "route", fn: route, context }, outputs);
    return tags.map((tag) => routed[tag]) as ArrayOf<PCollection<T>, N>;
  });
}

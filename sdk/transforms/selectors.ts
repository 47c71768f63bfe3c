/** How a part of an element is named: by a property or by a function. */
import { GirderError } from "../../portability/errors.js";
import { isThenable } from "./settled.js";

/** What an element is told apart by: the name of a property, a function of the element, or an object of those. */
export type KeySelector = string | ((element: never) => unknown) | Readonly<Record<string, PartSelector>>;

/** The name of a property, or a function of the element. */
export type PartSelector = string | ((element: never) => unknown);

type Intersection<U> = (U extends unknown ? (of: U) => void : never) extends (of: infer I) => void ? I : never;

/** What an element must be for a selector to be applied to it. */
export type Selectable<S> = S extends string
  ? { readonly [Property in S]: unknown }
  : S extends (element: infer T) => unknown
    ? T
    : S extends Readonly<Record<string, PartSelector>>
      ? Intersection<{ [Name in keyof S]: Selectable<S[Name]> }[keyof S]>
      : never;

/** What a property name or function selects of an element of type `T`. */
export type PartOf<T, S> = S extends keyof T ? T[S] : S extends (element: never) => infer K ? Awaited<K> : never;

/** What a selector selects of an element of type `T`. */
export type Selected<T, S> = S extends PartSelector ? PartOf<T, S> : { readonly [Name in keyof S]: PartOf<T, S[Name]> };

/** The selector of a property or function as a function. */
export function partOf(selector: PartSelector): (element: unknown) => unknown {
  if (typeof selector === "function") return selector as (element: unknown) => unknown;
  if (typeof selector === "string") return (element) => (element as Readonly<Record<string, unknown>>)[selector];
  throw new GirderError("invalid-argument", `${String(selector)} does not say which part of an element is meant.`, {
    remedy: "Give the name of a property or a function of the element.",
  });
}

/** The selector as a function; of an object of selectors, to an object of their parts. */
export function selected(selector: KeySelector): (element: unknown) => unknown {
  if (typeof selector !== "object" || selector === null) return partOf(selector);
  const parts = Object.entries(selector).map(([name, part]) => [name, partOf(part)] as const);
  return (element) => {
    const values = parts.map(([, part]) => part(element));
    const named = (settledValues: readonly unknown[]): unknown =>
      Object.fromEntries(parts.map(([name], i) => [name, settledValues[i]]));
    return values.some(isThenable) ? Promise.all(values).then(named) : named(values);
  };
}

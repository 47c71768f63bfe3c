/**
 * Contexts: objects whose members are looked up while elements are processed.
 *
 * In Girder a function is handed what its context's parameters stand for; in the official API it is handed the parameters, and
 * asks each with `lookup()` or tells it with `update()`.
 */
import { GirderError } from "../../../portability/errors.js";
import type { Context, ContextParam } from "../../pipeline/context.js";

/** What a parameter asks and tells while an element is processed. */
interface Provider {
  /** What Girder handed the function under the parameter's name. */
  readonly current: () => unknown;
}

/** A member of a context that stands for something which exists only while elements are processed. */
export abstract class ParDoParam {
  /** Is there only in what functions are handed. */
  declare private readonly provider: Provider | undefined;

  constructor(readonly parDoParamName: string) {}

  /** The parameter of Girder's that it is. */
  abstract readonly girder: ContextParam<unknown>;

  /** @throws GirderError `invalid-argument` outside of a function that was handed it. */
  protected current(): unknown {
    if (this.provider !== undefined) return this.provider.current();
    throw new GirderError("invalid-argument", `The ${this.parDoParamName} parameter was asked outside of a function.`, {
      remedy: "Use the one in the context that the function is handed as its second argument.",
    });
  }

  /** The same parameter while a function is called. */
  bound(current: () => unknown): this {
    return Object.create(this, { provider: { value: { current } satisfies Provider } }) as this;
  }
}

export interface BoundContext {
  /** For Girder. */
  readonly context: Context;
  /** What the author's function is handed, of what Girder hands its own; undefined where the author asked for nothing. */
  readonly view: ((resolved: object) => unknown) | undefined;
}

const NAME = "beamPardoContextSpec";

/** Adds to the context that a function has wherever it is applied. */
export function addContext<T>(fn: T, spec: unknown): T {
  const holder = fn as { [NAME]?: object };
  holder[NAME] = { ...holder[NAME], ...(spec as object) };
  return fn;
}

/** The context that a function has wherever it is applied. */
export function extractContext(fn: unknown): object | undefined {
  return (fn as { readonly [NAME]?: object })[NAME];
}

/** @param own What the function has beside the context that it is applied with. */
export function bindContext(given: unknown, own: object | undefined): BoundContext {
  const spec: unknown = own === undefined ? given : { ...own, ...(given as object | undefined) };
  if (spec === undefined || spec === null) return { context: {}, view: undefined };
  if (typeof spec !== "object") return { context: {}, view: () => spec };
  const params = Object.entries(spec).filter((entry): entry is [string, ParDoParam] => entry[1] instanceof ParDoParam);
  if (params.length === 0) return { context: {}, view: () => spec };
  const make = (resolved: object): unknown => {
    const members = params.map(([name, param]): [string, PropertyDescriptor] => [
      name,
      {
        value: param.bound(() => (resolved as Readonly<Record<string, unknown>>)[name]),
        enumerable: true,
      },
    ]);
    return Object.create(
      Object.getPrototypeOf(spec) as object | null,
      Object.fromEntries([...Object.entries(Object.getOwnPropertyDescriptors(spec)), ...members]),
    );
  };
  // Girder hands the same object again for elements that follow each other.
  let last: object | undefined;
  let view: unknown;
  return {
    context: Object.fromEntries(params.map(([name, param]) => [name, param.girder])),
    view: (resolved) => {
      if (resolved !== last) {
        view = make(resolved);
        last = resolved;
      }
      return view;
    },
  };
}

/**
 * PCollections, and what else transforms take and give.
 *
 * Each of these stands for one of Girder's own API, which it has as `girder`: a thin layer with the official names.
 *
 * @module girder/apache-beam/pvalue
 */
import { GirderError } from "../../portability/errors.js";
import type { ElementFunction } from "../pipeline/do-fn.js";
import { PCollection as GirderPCollection } from "../pipeline/pcollection.js";
import type { Pipeline } from "../pipeline/pipeline.js";
import { type PInput as GirderInput, type PValue as GirderPValue, named } from "../pipeline/pvalue.js";
import type { Root as GirderRoot } from "../pipeline/root.js";
import { bindContext, extractContext } from "./adapt/contexts.js";
import type { Loose } from "./adapt/loose.js";
import { ownName, stepName } from "./adapt/names.js";
import { standIn } from "./adapt/stand-in.js";
import {
  type AsyncPTransform,
  AsyncPTransformClass,
  type PTransform,
  PTransformClass,
} from "./transforms/transform.js";

/** What transforms take and give: a PCollection, or arrays and objects of them, nested as deep as one likes. */
// biome-ignore lint/suspicious/noConfusingVoidType: a transform that returns nothing has type void.
export type PValue<T> = void | Root | PCollection<T> | PValue<T>[] | { [key: string]: PValue<T> };

/** Where a pipeline begins: what sources are applied to. */
export class Root {
  constructor(
    /** The root that this one stands for. */
    readonly girder: GirderRoot,
  ) {}

  /** Applies a source. */
  apply<OutputT extends PValue<Loose>>(transform: PTransform<Root, OutputT>): OutputT {
    return applyTransform(this.girder.pipeline, transform, this);
  }

  /** Applies a source whose output is promised. */
  async applyAsync<OutputT extends PValue<Loose>>(transform: AsyncPTransform<Root, OutputT>): Promise<OutputT> {
    return applyAsyncTransform(transform, this);
  }
}

/** A collection of elements, computed when the pipeline runs. */
export class PCollection<T> {
  constructor(
    /** The PCollection that this one stands for: Girder's own transforms are applied to it. */
    readonly girder: GirderPCollection<T>,
  ) {}

  /** Applies a transform. */
  apply<OutputT extends PValue<Loose>>(transform: PTransform<PCollection<T>, OutputT>): OutputT {
    return applyTransform(this.girder.pipeline, transform, this);
  }

  /** Applies a transform whose output is promised. */
  async applyAsync<OutputT extends PValue<Loose>>(
    transform: AsyncPTransform<PCollection<T>, OutputT>,
  ): Promise<OutputT> {
    return applyAsyncTransform(transform, this);
  }

  /** One output for each element. The context, if there is one, is handed to `fn` with its parameters bound. */
  map<OutputT, ContextT = undefined>(
    fn: (element: T, context: ContextT) => OutputT,
    context?: ContextT,
  ): PCollection<OutputT> {
    return elementWise(this, "map", fn, context);
  }

  /** Any number of outputs for each element. */
  flatMap<OutputT, ContextT = undefined>(
    fn: (element: T, context: ContextT) => Iterable<OutputT>,
    context?: ContextT,
  ): PCollection<OutputT> {
    return elementWise(this, "flatMap", fn, context);
  }

  /** The elements for which `fn` is true. */
  filter<ContextT = undefined>(fn: (element: T, context: ContextT) => boolean, context?: ContextT): PCollection<T> {
    return elementWise(this, "filter", fn, context);
  }

  /** The root of the pipeline that it belongs to. */
  root(): Root {
    return new Root(this.girder.pipeline.root);
  }
}

function elementWise<T, U>(
  input: PCollection<T>,
  kind: "map" | "flatMap" | "filter",
  fn: (element: T, context: never) => unknown,
  given: unknown,
): PCollection<U> {
  const { context, view } = bindContext(given, extractContext(fn));
  // A function is handed its element alone where it asked for no context: it may be console.log.
  const call =
    view === undefined
      ? (element: T) => (fn as (element: T) => unknown)(element)
      : (element: T, resolved: object) => fn(element, view(resolved) as never);
  const step: ElementFunction = { kind, fn: standIn(call as (...args: never[]) => unknown, fn), context };
  const coder = kind === "filter" ? input.girder.coder : undefined;
  const apply = named(stepName(kind, fn), (main: GirderPCollection<T>) =>
    main.pipeline.parDo<U>(main, step, coder as never),
  );
  return new PCollection(input.girder.apply(apply));
}

/** The PCollections inside a value, each under the name that it has there: `main`, `left`, `outer.inner`, `0`. */
export function flattenPValue<T>(pValue: PValue<T>, prefix = ""): { [key: string]: PCollection<T> } {
  if (pValue === undefined || pValue === null || pValue instanceof Root) return {};
  if (pValue instanceof PCollection) return { [prefix === "" ? "main" : prefix]: pValue };
  const result: { [key: string]: PCollection<T> } = {};
  for (const [key, member] of Object.entries(pValue)) {
    Object.assign(result, flattenPValue(member as PValue<T>, prefix === "" ? key : `${prefix}.${key}`));
  }
  return result;
}

/** See {@link P}. */
export class PValueWrapper<T extends PValue<Loose>> {
  constructor(private readonly pvalue: T) {}

  /** Applies a transform to the value. `root` says which pipeline is meant where the value holds no PCollections. */
  apply<O extends PValue<Loose>>(transform: PTransform<T, O>, root?: Root | null): O {
    return applyTransform(this.pipeline(root), transform, this.pvalue);
  }

  /** Applies a transform whose output is promised. */
  async applyAsync<O extends PValue<Loose>>(transform: AsyncPTransform<T, O>, _root?: Root | null): Promise<O> {
    return applyAsyncTransform(transform, this.pvalue);
  }

  private pipeline(root: Root | null | undefined): Pipeline {
    if (root !== undefined && root !== null) return root.girder.pipeline;
    if (this.pvalue instanceof Root) return this.pvalue.girder.pipeline;
    const [first] = Object.values(flattenPValue(this.pvalue as PValue<unknown>));
    if (first !== undefined) return first.girder.pipeline;
    throw new GirderError("invalid-argument", "A transform was applied to a value that holds no PCollections.", {
      remedy: "Apply it to PCollections, or give the root as the second argument of apply.",
    });
  }
}

/** Lets transforms be applied to several PCollections: `P([a, b]).apply(flatten())`, `P({ a, b }).apply(coGroupBy("key"))`. */
export function P<T extends PValue<Loose>>(pvalue: T): PValueWrapper<T> {
  return new PValueWrapper(pvalue);
}

/** A value of PCollections as Girder has it. @throws GirderError `invalid-argument` for a promise among them. */
export function toGirder(value: PValue<Loose>, where: string): GirderInput {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Root || value instanceof PCollection) return value.girder;
  if (typeof (value as { then?: unknown }).then === "function") {
    throw new GirderError("invalid-argument", "The transform's output is a promise.", {
      where,
      remedy: "Apply it with applyAsync, and await that.",
    });
  }
  if (Array.isArray(value)) return value.map((member) => toGirder(member, where) as GirderPValue);
  if (typeof value !== "object") return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, toGirder(member, where) as GirderPValue]),
  );
}

/** A value of Girder's PCollections as the official API has it. */
export function fromGirder(value: GirderPValue): PValue<Loose> {
  if (value === undefined) return undefined;
  if (value instanceof GirderPCollection) return new PCollection(value);
  if (Array.isArray(value)) return value.map(fromGirder);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fromGirder(member as GirderPValue)]));
}

function applyTransform<I extends PValue<Loose>, O extends PValue<Loose>>(
  pipeline: Pipeline,
  transform: PTransform<I, O>,
  input: I,
): O {
  checkTransform(transform);
  const name = ownName(transform) ?? "Transform";
  let output: O;
  const expand = named(name, (): GirderPValue => {
    output = transform instanceof PTransformClass ? transform.expand(input) : transform(input);
    return toGirder(output, pipeline.where) as GirderPValue;
  });
  pipeline.applyTo(toGirder(input, name), expand);
  return output!;
}

/**
 * What waits while a pipeline is built makes no step of its own in it: the steps that it applies stand where the transform was
 * applied.
 */
async function applyAsyncTransform<I extends PValue<Loose>, O extends PValue<Loose>>(
  transform: AsyncPTransform<I, O>,
  input: I,
): Promise<O> {
  checkTransform(transform);
  return transform instanceof AsyncPTransformClass ? transform.expandAsync(input) : transform(input);
}

function checkTransform(transform: unknown): void {
  if (typeof transform === "function" || transform instanceof AsyncPTransformClass) return;
  throw new GirderError("invalid-argument", `apply was given ${String(transform)} for a transform.`, {
    remedy: "A transform is a function from its input to its output, or a PTransformClass.",
  });
}

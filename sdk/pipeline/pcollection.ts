/** PCollections: what a pipeline's transforms pass between them. */
import type { Coder } from "../../portability/coders/coder.js";
import { GirderError } from "../../portability/errors.js";
import type { KeysFor } from "../state/timers.js";
import type { Context, Resolved } from "./context.js";
import type { DoFn, HandlesTimers, Outputs } from "./do-fn.js";
import { applyFilter, applyFlatMap, applyMap, applyParDo, type ElementWiseArgs } from "./element-wise.js";
import type { Pipeline } from "./pipeline.js";
import type { PTransform, PValue } from "./pvalue.js";
import type { WindowingStrategy } from "./windowing.js";

/**
 * A collection of elements of type `T`, computed when the pipeline runs: of any size, in no order, maybe without end.
 *
 * Every method takes an optional name in front, which is how the step appears in graphs, metrics and errors; without it
 * the step is named after its function.
 */
export class PCollection<out T> {
  /** Carries the element type; has no value. */
  declare readonly _element: T;
  /** Shared by PCollections of the same elements. */
  #written: { coder: Coder<T> | undefined };

  constructor(
    readonly pipeline: Pipeline,
    /** Id in the pipeline proto. */
    readonly id: string,
    readonly windowing: WindowingStrategy,
    readonly bounded: boolean,
    coder: Coder<T> | undefined,
  ) {
    this.#written = { coder };
  }

  /** How elements are written as bytes; undefined as long as nobody has said, which comes to mean: as any JavaScript value. */
  get coder(): Coder<T> | undefined {
    return this.#written.coder;
  }

  /**
   * Says how elements are written as bytes, where they must be.
   *
   * @throws GirderError `invalid-argument` if the PCollection has another coder already.
   */
  withCoder(coder: Coder<T>): this {
    const { coder: known } = this.#written;
    if (known !== undefined && known !== coder) {
      throw new GirderError("invalid-argument", `The PCollection is written with ${known.spec.urn} already.`, {
        where: this.id,
        remedy: "Call withCoder on the transform's output before anything else uses it.",
      });
    }
    this.#written.coder = coder;
    return this;
  }

  /**
   * Says that this PCollection, which has no coder yet, is written as another one, whatever that comes to be: runners may
   * take either for the other.
   */
  writtenAs(other: PCollection<T>): this {
    this.#written = other.#written;
    return this;
  }

  /** Applies a transform, under its own name or the given one. */
  apply<O extends PValue>(transform: PTransform<PCollection<T>, O>): O;
  apply<O extends PValue>(name: string, transform: PTransform<PCollection<T>, O>): O;
  apply<O extends PValue>(...args: [PTransform<PCollection<T>, O>] | [string, PTransform<PCollection<T>, O>]): O {
    return this.pipeline.applyTo<PCollection<T>, O>(this, ...args);
  }

  /** One output for each element. A promise is awaited: the output is what it resolves to. */
  map<U>(fn: (element: T) => U): PCollection<Awaited<U>>;
  map<U, C extends Context>(
    fn: (element: T, context: Resolved<C>) => U,
    context: C & KeysFor<T, C>,
  ): PCollection<Awaited<U>>;
  map<U>(name: string, fn: (element: T) => U): PCollection<Awaited<U>>;
  map<U, C extends Context>(
    name: string,
    fn: (element: T, context: Resolved<C>) => U,
    context: C & KeysFor<T, C>,
  ): PCollection<Awaited<U>>;
  map<U>(...args: ElementWiseArgs): PCollection<Awaited<U>> {
    return applyMap(this, args);
  }

  /** Any number of outputs for each element: those of the array, iterable or generator that `fn` returns. */
  flatMap<U>(fn: (element: T) => Outputs<U>): PCollection<U>;
  flatMap<U, C extends Context>(
    fn: (element: T, context: Resolved<C>) => Outputs<U>,
    context: C & KeysFor<T, C>,
  ): PCollection<U>;
  flatMap<U>(name: string, fn: (element: T) => Outputs<U>): PCollection<U>;
  flatMap<U, C extends Context>(
    name: string,
    fn: (element: T, context: Resolved<C>) => Outputs<U>,
    context: C & KeysFor<T, C>,
  ): PCollection<U>;
  flatMap<U>(...args: ElementWiseArgs): PCollection<U> {
    return applyFlatMap(this, args);
  }

  /** The elements for which `fn` is true. */
  filter<S extends T>(fn: (element: T) => element is S): PCollection<S>;
  filter(fn: (element: T) => unknown): PCollection<T>;
  filter<C extends Context>(
    fn: (element: T, context: Resolved<C>) => unknown,
    context: C & KeysFor<T, C>,
  ): PCollection<T>;
  filter<S extends T>(name: string, fn: (element: T) => element is S): PCollection<S>;
  filter(name: string, fn: (element: T) => unknown): PCollection<T>;
  filter<C extends Context>(
    name: string,
    fn: (element: T, context: Resolved<C>) => unknown,
    context: C & KeysFor<T, C>,
  ): PCollection<T>;
  filter(...args: ElementWiseArgs): PCollection<T> {
    return applyFilter(this, args);
  }

  /** Any number of outputs for each element, by a {@link DoFn} with a life of its own: set-up, bundles, tear-down. */
  parDo<U>(doFn: DoFn<T, U>): PCollection<U>;
  parDo<U, C extends Context>(doFn: DoFn<T, U, C> & HandlesTimers<C>, context: C & KeysFor<T, C>): PCollection<U>;
  parDo<U>(name: string, doFn: DoFn<T, U>): PCollection<U>;
  parDo<U, C extends Context>(
    name: string,
    doFn: DoFn<T, U, C> & HandlesTimers<C>,
    context: C & KeysFor<T, C>,
  ): PCollection<U>;
  parDo<U>(...args: ElementWiseArgs): PCollection<U> {
    return applyParDo(this, args);
  }
}

/** Functions over elements, as their authors write them. */
import type { Instant } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import type { AnySplittable } from "../splittable/splittable-do-fn.js";
import type { Context, Resolved } from "./context.js";

// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing has type void.
type Nothing = void;

/** What a function with any number of outputs returns: an array, a generator, an async generator, a promise of those, or nothing. */
export type Outputs<O> =
  | Iterable<O>
  | AsyncIterable<O>
  | Nothing
  | PromiseLike<Iterable<O> | AsyncIterable<O> | Nothing>;

/** An element together with when and where it is. */
export interface Timestamped<O> {
  readonly value: O;
  /** Event time, ms. */
  readonly timestamp: Instant;
  readonly window: BoundedWindow;
}

/**
 * A function over elements that has a life of its own.
 *
 * ```
 * setup  ( startBundle  process*  finishBundle )*  teardown
 * ```
 *
 * One instance is never in two bundles at once, so fields may keep what belongs to a bundle. A bundle may be run again
 * after a failure: what it did outside the pipeline must bear being done twice.
 */
export interface DoFn<I, O, C extends Context = Context> {
  /** Once, before anything else: open connections here. */
  setup?(): void | Promise<void>;
  startBundle?(context: Resolved<C>): void | Promise<void>;
  process(element: I, context: Resolved<C>): Outputs<O>;
  /** May emit what the bundle has gathered; each output says its timestamp and window. */
  finishBundle?(context: Resolved<C>): Outputs<Timestamped<O>>;
  /** Once, after everything else, as far as the process lives that long. */
  teardown?(): void | Promise<void>;
}

/** Outputs, each with the tag of the PCollection it goes to. */
export type RoutedOutputs = readonly { readonly tag: string; readonly value: unknown }[];

/** A function over elements, in the forms that the harness executes. */
export type ElementFunction =
  | {
      readonly kind: "map" | "filter" | "flatMap";
      readonly fn: (element: never, context: never) => unknown;
      readonly context: Context;
    }
  | { readonly kind: "doFn"; readonly doFn: DoFn<never, unknown>; readonly context: Context }
  | { readonly kind: "splittable"; readonly doFn: AnySplittable; readonly context: Context }
  | {
      /** Gives each element a timestamp of its own. */
      readonly kind: "assignTimestamps";
      readonly fn: (element: never, context: never) => Instant;
      readonly context: Context;
    }
  | {
      /** Sends each output to one of several PCollections. */
      readonly kind: "route";
      readonly fn: (element: never, context: never) => RoutedOutputs | PromiseLike<RoutedOutputs>;
      readonly context: Context;
    };

/** Functions over elements, as their authors write them. */
import type { Instant } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import type { SplittableDoFn } from "../splittable/splittable-do-fn.js";
import type { ExpiredWindow, FiredTimer, TimerNames } from "../state/timers.js";
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

/** The key of elements that have one. */
export type KeyOf<T> = T extends { readonly key: infer K; readonly value: unknown } ? K : never;

/** What is called when timers fire, by their names in the context. */
export type TimerCallbacks<I, O, C extends Context> = {
  readonly [name: string]: (timer: FiredTimer<KeyOf<I>>, context: Resolved<C>) => Outputs<O>;
};

/** Has a callback for each timer of the context. */
export type HandlesTimers<C extends Context> = {
  readonly onTimer?: { readonly [N in TimerNames<C>]: unknown };
};

/**
 * A function over elements that has a life of its own.
 *
 * ```
 * setup  ( startBundle  process*  onTimer*  finishBundle )*  teardown
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
  /**
   * What is called when timers fire, for each timer of the context the function under its name. What it outputs is in the timer's
   * window.
   */
  readonly onTimer?: TimerCallbacks<I, O, C>;
  /** Is called for each key and window that there were elements for, once no more can come and before its state is forgotten. */
  onWindowExpiration?(expired: ExpiredWindow<KeyOf<I>>, context: Resolved<C>): Outputs<O>;
  /**
   * Whether elements come in the order of their timestamps, each when no earlier one can come in time any more. Takes elements
   * with keys. Default: no.
   */
  readonly requiresTimeSortedInput?: boolean;
  /** Whether a bundle that is tried again has the very same elements: what is before it is not computed anew. Default: no. */
  readonly requiresStableInput?: boolean;
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
  | { readonly kind: "splittable"; readonly doFn: SplittableDoFn<never, unknown>; readonly context: Context }
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

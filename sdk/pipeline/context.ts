/**
 * What a function may ask for beside its element: the last argument of `map`, `parDo` and their like.
 *
 * ```ts
 * lines.map((line, { seen, total }) => { seen.inc(); return line.length / total; },
 *           { seen: counter("lines"), total: singleton(sizes) });
 * ```
 *
 * Members that are {@link ContextParam}s are replaced by what they stand for; all others are handed on as they are.
 */

import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import type { MetricKind } from "../../portability/metrics/index.js";
import type { PCollection } from "./pcollection.js";

/** Any object; its members may be {@link ContextParam}s. */
export type Context = { readonly [name: string]: unknown };

/** A context as the function sees it. */
export type Resolved<C extends Context> = {
  readonly [K in keyof C]: C[K] extends ContextParam<infer T> ? T : C[K];
};

/** Stands in a context for something that only exists while elements are processed. */
export abstract class ContextParam<out T> {
  /** Carries the type; has no value. */
  declare readonly _value: T;
}

/** See {@link timestampParam}, {@link windowParam}, {@link paneInfoParam}. */
export class ElementParam<out T> extends ContextParam<T> {
  constructor(readonly property: "timestamp" | "window" | "pane") {
    super();
  }
}

/** The element's event time, in ms. */
export function timestampParam(): ContextParam<Instant> {
  return new ElementParam("timestamp");
}

/** The element's window. An element in several windows is processed once for each. */
export function windowParam(): ContextParam<BoundedWindow> {
  return new ElementParam("window");
}

/** Which firing of its window the element comes from. */
export function paneInfoParam(): ContextParam<PaneInfo> {
  return new ElementParam("pane");
}

/** What kind of value a metric holds. */
export type { MetricKind };

/** A metric of the step that uses it. See `sdk/transforms/metrics.ts`. */
export class MetricParam<out T> extends ContextParam<T> {
  constructor(
    readonly kind: MetricKind,
    readonly metric: string,
    readonly namespace: string,
    /** What the cell is made with, for kinds that need it. */
    readonly options: unknown = undefined,
  ) {
    super();
  }
}

/** Another PCollection, read whole (or by key) for each window. See `sdk/transforms/side-inputs.ts`. */
export class SideInputParam<out T> extends ContextParam<T> {
  constructor(
    readonly pcollection: PCollection<unknown>,
    /** Makes of the elements of a window what the function sees. Called once a window, not once an element. */
    readonly view: (elements: readonly unknown[]) => T,
    readonly kind: string,
  ) {
    super();
  }
}

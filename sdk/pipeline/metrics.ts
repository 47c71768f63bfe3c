/** User metrics: what a function counts beside its outputs. A step's metrics are reported under its name. */
import type { HistogramBuckets } from "../../portability/metrics/index.js";
import { type ContextParam, MetricParam } from "./context.js";

/** A sum of whole numbers. */
export interface Counter {
  /** Adds 1, or `amount`. */
  inc(amount?: number | bigint): void;
  /** Subtracts 1, or `amount`. */
  dec(amount?: number | bigint): void;
}

/** Count, sum, least and greatest of whole numbers. */
export interface Distribution {
  update(value: number | bigint): void;
}

/** A whole number that changes; the latest counts. */
export interface Gauge {
  set(value: number | bigint): void;
}

/** The distinct strings seen. */
export interface StringSet {
  add(value: string): void;
}

/** The distinct paths seen, cut short where there are too many. */
export interface BoundedTrie {
  add(...path: string[]): void;
}

/** How many numbers fell into each of a row of buckets. */
export interface Histogram {
  update(value: number): void;
}

/** The namespace of metrics whose author names none. */
const DEFAULT_NAMESPACE = "girder";

/** A {@link Counter} of the step, for its function's context. */
export function counter(name: string, namespace = DEFAULT_NAMESPACE): ContextParam<Counter> {
  return new MetricParam("counter", name, namespace);
}

/** A {@link Distribution} of the step. */
export function distribution(name: string, namespace = DEFAULT_NAMESPACE): ContextParam<Distribution> {
  return new MetricParam("distribution", name, namespace);
}

/** A {@link Gauge} of the step. */
export function gauge(name: string, namespace = DEFAULT_NAMESPACE): ContextParam<Gauge> {
  return new MetricParam("gauge", name, namespace);
}

/** A {@link StringSet} of the step. */
export function stringSet(name: string, namespace = DEFAULT_NAMESPACE): ContextParam<StringSet> {
  return new MetricParam("string-set", name, namespace);
}

/** A {@link BoundedTrie} of the step. */
export function boundedTrie(name: string, namespace = DEFAULT_NAMESPACE): ContextParam<BoundedTrie> {
  return new MetricParam("bounded-trie", name, namespace);
}

/** A {@link Histogram} of the step. */
export function histogram(
  name: string,
  buckets: HistogramBuckets,
  namespace = DEFAULT_NAMESPACE,
): ContextParam<Histogram> {
  return new MetricParam("histogram", name, namespace, buckets);
}

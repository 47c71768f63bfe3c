/** User metrics: what they gather, and how they are reported. */
export { BoundedTrieCell, type TriePath } from "./bounded-trie.js";
export { CounterCell } from "./counter.js";
export { DistributionCell, type DistributionResult } from "./distribution.js";
export { GaugeCell, type GaugeReading } from "./gauge.js";
export { type HistogramBuckets, HistogramCell, type HistogramResult } from "./histogram.js";
export type { Integer } from "./integer.js";
export { type AnyCell, type CellByKind, type KindSpec, kindOfType, kindOfUrn, metricKinds } from "./kinds.js";
export type { MetricCell, MetricKind } from "./metric-cell.js";
export { type MetricKey, type MetricName, MetricsContainer } from "./metrics-container.js";
export { STAGE_NAMESPACE } from "./stage-namespace.js";
export { StringSetCell } from "./string-set.js";

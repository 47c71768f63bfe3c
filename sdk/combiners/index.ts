/** Combine functions, as plain values. */
export { approximateQuantiles, type OrderedQuantilesOptions, type QuantilesOptions } from "./approximate-quantiles.js";
export { approximateUnique, type UniqueOptions } from "./approximate-unique.js";
export { type CombineFn, combineAll, mapInput, mapOutput } from "./combine-fn.js";
export { compose, type OutputOf, tuple } from "./compose.js";
export { count } from "./count.js";
export { latest, type TimestampedValue } from "./latest.js";
export { max, maxBy } from "./max.js";
export { mean } from "./mean.js";
export { min, minBy } from "./min.js";
export { type Comparable, type Compare, naturalOrder, reversed } from "./order.js";
export { combineFnFrom, reduce } from "./reduce.js";
export { sample } from "./sample.js";
export { sum, sumBigInt } from "./sum.js";
export { toList } from "./to-list.js";
export { type KeyValue, toMap } from "./to-map.js";
export { toSet } from "./to-set.js";
export { largest, smallest, top } from "./top.js";

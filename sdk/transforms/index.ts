/** Transforms: what is computed. */
export { type BatchElementsOptions, batchElements } from "./batch-elements.js";
export { type Change, changelog } from "./changelog.js";
export { type CoGroupByProperty, type CoGrouped, coGroupBy, coGroupByKey } from "./co-group.js";
export {
  type CombineGloballyOptions,
  type CombineOptions,
  type CombinePerKeyOptions,
  combineGlobally,
  combinePerKey,
} from "./combine.js";
export * from "./combines.js";
export { countGlobally, countPerElement, countPerKey } from "./count.js";
export { create } from "./create.js";
export { distinct } from "./distinct.js";
export { flatten } from "./flatten.js";
export { generateSequence, type SequenceOptions } from "./generate-sequence.js";
export type { GroupAndCombine } from "./group-and-combine.js";
export { type GroupBy, type GroupByFunction, type GroupGlobally, groupBy, groupGlobally } from "./group-by.js";
export { groupByKey } from "./group-by-key.js";
export { groupIntoBatches } from "./group-into-batches.js";
export { impulse } from "./impulse.js";
export { keys, kvSwap, values, withKeys } from "./key-values.js";
export { latestGlobally, latestPerKey } from "./latest.js";
export { type ArrayOf, partition } from "./partition.js";
export { type Period, type PeriodicImpulseOptions, periodicImpulse, periodicSequence } from "./periodic.js";
export * as regex from "./regex.js";
export { type Reified, reify } from "./reify.js";
export { redistribute, reshuffle } from "./reshuffle.js";
export type { KeySelector, PartSelector } from "./selectors.js";
export { asIterable, asList, asMap, asMultimap, singleton } from "./side-inputs.js";
export { split } from "./split.js";
export { splittable } from "./splittable.js";
export { toStringElements, toStringIterables, toStringKvs } from "./to-string.js";
export { waitOn } from "./wait-on.js";

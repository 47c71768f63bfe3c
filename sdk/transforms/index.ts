/** Transforms: what is computed. */
export { type CombineGloballyOptions, type CombineOptions, combineGlobally, combinePerKey } from "./combine.js";
export { create } from "./create.js";
export { flatten } from "./flatten.js";
export { generateSequence } from "./generate-sequence.js";
export { groupByKey } from "./group-by-key.js";
export { impulse } from "./impulse.js";
export { redistribute, reshuffle } from "./reshuffle.js";
export { asIterable, asList, asMap, asMultimap, singleton } from "./side-inputs.js";

/** What a worker of this SDK does that not every worker does: `Environment.capabilities`. */
import { JS_VALUE_URN } from "../../portability/coders/js-value-tags.js";
import { PACKED_COMBINE_FN_URN } from "../../portability/execution/packed-combine.js";
import { StandardCoders, StandardProtocols, StandardPTransforms } from "../../portability/urns.js";

const { STATE_BACKED_ITERABLE, ...CODERS } = StandardCoders.Enum;
const { PROGRESS_REPORTING, WORKER_STATUS, CONTROL_REQUEST_ELEMENTS_EMBEDDING, STATE_CACHING } = StandardProtocols.Enum;
const { DATA_SAMPLING, MULTIMAP_STATE, ORDERED_LIST_STATE, SIBLING_WORKERS } = StandardProtocols.Enum;

/** Each is shown by a spec. Iterables are taken whole: none is asked for whose rest is left in the runner's state. */
export const WORKER_CAPABILITIES: readonly string[] = [
  ...Object.values(CODERS),
  JS_VALUE_URN,
  PROGRESS_REPORTING,
  WORKER_STATUS,
  CONTROL_REQUEST_ELEMENTS_EMBEDDING,
  STATE_CACHING,
  DATA_SAMPLING,
  MULTIMAP_STATE,
  ORDERED_LIST_STATE,
  StandardPTransforms.SplittableParDoComponents.TRUNCATE_SIZED_RESTRICTION,
  StandardPTransforms.Primitives.TO_STRING,
  PACKED_COMBINE_FN_URN,
];

/** What a worker does that is a process or container of its own: it starts others like it. */
export const STARTED_CAPABILITIES: readonly string[] = [...WORKER_CAPABILITIES, SIBLING_WORKERS];

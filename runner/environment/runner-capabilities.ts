/** What workers are told that this runner can do, and not every runner. */
import { StandardRunnerProtocols } from "../../portability/urns.js";

const { Enum: Protocol } = StandardRunnerProtocols;

/** Each of these is shown by the suite of an SDK that makes use of it. */
export const RUNNER_CAPABILITIES: readonly string[] = [
  // Go and Java leave out what a metric is when they have said it before.
  Protocol.MONITORING_INFO_SHORT_IDS,
  // Java sends what a small bundle outputs with the response to it.
  Protocol.CONTROL_RESPONSE_ELEMENTS_EMBEDDING,
  // Python and Java read a whole multimap at once.
  Protocol.MULTIMAP_KEYS_VALUES_SIDE_INPUT,
];

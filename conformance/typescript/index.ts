/** The suite: Beam's rules, as pipelines. */
import type { ConformanceTest } from "./conformance-test.js";
import { COMBINE } from "./tests/combine.js";
import { DATAFLOW_MODEL } from "./tests/dataflow-model.js";
import { GROUPING } from "./tests/grouping.js";
import { PAR_DO } from "./tests/par-do.js";
import { READING } from "./tests/reading.js";
import { RUNNING } from "./tests/running.js";
import { SCHEMAS } from "./tests/schemas.js";
import { SIDE_INPUTS } from "./tests/side-inputs.js";
import { SOURCES } from "./tests/sources.js";
import { BOUNDED_SPLITTABLE, UNBOUNDED_SPLITTABLE } from "./tests/splittable.js";
import { STATE } from "./tests/state.js";
import { STREAMS } from "./tests/streams.js";
import { TIMERS } from "./tests/timers.js";
import { TRIGGER_TRANSCRIPTS } from "./tests/trigger-transcripts.js";
import { TRIGGERS } from "./tests/triggers.js";
import { WINDOWING } from "./tests/windowing.js";

/** All tests. */
export const TESTS: readonly ConformanceTest[] = [
  ...SOURCES,
  ...PAR_DO,
  ...SIDE_INPUTS,
  ...GROUPING,
  ...COMBINE,
  ...SCHEMAS,
  ...WINDOWING,
  ...RUNNING,
  ...STATE,
  ...TIMERS,
  ...BOUNDED_SPLITTABLE,
  ...UNBOUNDED_SPLITTABLE,
  ...READING,
  ...STREAMS,
  ...TRIGGERS,
  ...TRIGGER_TRANSCRIPTS,
  ...DATAFLOW_MODEL,
];

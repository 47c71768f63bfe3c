/** What a test of conformance is: a pipeline that asserts about itself, and what must be true of its run. */
import type { ErrorCode, Root } from "girder";
import type { MetricKind } from "../../portability/metrics/index.js";

/** The categories of Beam's Java suite (`ValidatesRunner`), as far as there are tests; the last two are facts of Beam and its model. */
export type Category =
  | "Impulse"
  | "Create"
  | "ParDo"
  | "ParDoLifecycle"
  | "MultipleOutputs"
  | "SideInputs"
  | "GroupByKey"
  | "CoGroupByKey"
  | "Combine"
  | "Flatten"
  | "Reshuffle"
  | "Windowing"
  | "Metrics"
  | "Composite"
  | "FailureMessage"
  | "BoundedSplittableParDo"
  | "UnboundedSplittableParDo"
  | "Read"
  | "Schemas"
  | "StatefulParDo"
  | "Timers"
  | "OnWindowExpiration"
  | "TimeSortedInput"
  | "StableInput"
  | "BundleFinalization"
  | "TestStream"
  | "Triggers"
  | "TriggerTranscripts"
  | "DataflowModel";

/** A metric as the run must have committed it. */
export interface ExpectedMetric {
  /** Full name of the step that recorded it. */
  readonly step: string;
  readonly name: string;
  readonly kind: MetricKind;
  /** Its result: numbers, or for sets of strings and paths an array in order. */
  readonly result: unknown;
}

/** What a failing job, or the construction of a pipeline that must be refused, reports. */
export interface ExpectedFailure {
  readonly code: ErrorCode;
  readonly message: RegExp;
}

/**
 * A test that any runner can run: all it learns, it learns from the pipeline's own assertions, from metrics, or from how
 * the job failed. Nothing is handed back through variables of this process.
 */
export interface ConformanceTest {
  readonly category: Category;
  /** In words; unique in its category. */
  readonly name: string;
  /** The rule of the model that must hold. */
  readonly rule: string;
  build(root: Root): unknown;
  readonly metrics?: readonly ExpectedMetric[];
  readonly failure?: ExpectedFailure;
}

/**
 * Girder: Apache Beam for TypeScript. What authors of pipelines import.
 *
 * @module girder
 */
export type { Coder, KV } from "../portability/coders/index.js";
export { type ErrorCode, GirderError } from "../portability/errors.js";
export type { PaneInfo, PaneTiming, ValueKind } from "../portability/execution/pane.js";
export { type Duration, type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP } from "../portability/execution/time.js";
export { type BoundedWindow, GLOBAL_WINDOW, GlobalWindow, IntervalWindow } from "../portability/execution/window.js";
export * from "./combiners/index.js";
export { type ReadOptions, read } from "./io/read.js";
export type { Source, SourceReader } from "./io/source.js";
export { type DisplayDatum, withAnnotations, withDisplayData, withResourceHints } from "./pipeline/annotations.js";
export { capture } from "./pipeline/capture.js";
export {
  type Context,
  type ContextParam,
  paneInfoParam,
  type Resolved,
  timestampParam,
  windowParam,
} from "./pipeline/context.js";
export type { DoFn, KeyOf, Outputs, TimerCallbacks, Timestamped } from "./pipeline/do-fn.js";
export {
  type BoundedTrie,
  boundedTrie,
  type Counter,
  counter,
  type Distribution,
  distribution,
  type Gauge,
  gauge,
  type Histogram,
  histogram,
  type StringSet,
  stringSet,
} from "./pipeline/metrics.js";
export { type AppliedTo, P } from "./pipeline/p.js";
export { PCollection } from "./pipeline/pcollection.js";
export { Pipeline } from "./pipeline/pipeline.js";
export { named, type PInput, type PTransform, type PValue } from "./pipeline/pvalue.js";
export { register } from "./pipeline/register.js";
export type { ResourceHints } from "./pipeline/resource-hints.js";
export { Root } from "./pipeline/root.js";
export type { AccumulationMode } from "./pipeline/windowing.js";
export { type OptionSpec, type OptionValues, pipelineOptions, type RunnerOptions } from "./runners/pipeline-options.js";
export { PipelineResult } from "./runners/pipeline-result.js";
export { type RunOptions, run, runPipeline } from "./runners/run.js";
export type { RunnerMessage, RunProgress, RunWatch } from "./runners/run-progress.js";
export { type OffsetRange, OffsetRangeTracker } from "./splittable/offset-range-tracker.js";
export { type ProcessContinuation, resume, stop } from "./splittable/process-continuation.js";
export type { RestrictionProgress, RestrictionTracker, SplitRestriction } from "./splittable/restriction-tracker.js";
export type { Output, SplittableContext, SplittableDoFn, SplittableOutputs } from "./splittable/splittable-do-fn.js";
export { type TimestampedValue, timestamped } from "./splittable/timestamped-value.js";
export {
  type ManualWatermark,
  manualWatermark,
  monotonicWatermark,
  type WatermarkEstimator,
  type WatermarkEstimators,
  wallTimeWatermark,
} from "./splittable/watermark-estimator.js";
export { type BundleFinalizer, bundleFinalizer } from "./state/bundle-finalizer.js";
export type {
  BagState,
  CombiningState,
  MapState,
  MultimapState,
  OrderedListState,
  SetState,
  TimestampedEntry,
  ValueState,
} from "./state/cells.js";
export {
  bagState,
  combiningState,
  type EntryCoders,
  mapState,
  multimapState,
  orderedListState,
  type StateParam,
  setState,
  valueState,
} from "./state/state-param.js";
export {
  type EventTimer,
  type ExpiredWindow,
  eventTimer,
  eventTimers,
  type FiredTimer,
  type ProcessingTimer,
  processingTimer,
  processingTimers,
  type TimerFamily,
  type TimerOptions,
  type TimerParam,
} from "./state/timers.js";
export * from "./transforms/index.js";
export type { CustomWindowFn, MergedWindows } from "./windowing/custom-window-fn.js";
export {
  type AroundWatermark,
  afterAll,
  afterAny,
  afterCount,
  afterEach,
  afterProcessingTime,
  afterSynchronizedProcessingTime,
  afterWatermark,
  always,
  defaultTrigger,
  never,
  orFinally,
  type ProcessingTimeDelay,
  repeatedly,
  type TimestampTransform,
  type Trigger,
} from "./windowing/triggers.js";
export {
  days,
  fixedWindows,
  globalWindows,
  hours,
  minutes,
  seconds,
  sessions,
  slidingWindows,
  type WindowFn,
} from "./windowing/window-fns.js";
export {
  assignTimestamps,
  assignTimestamps as withTimestamps,
  configureWindows,
  remergeWindows,
  type WindowIntoOptions,
  windowInto,
} from "./windowing/window-into.js";

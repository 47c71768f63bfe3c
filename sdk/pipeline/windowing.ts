/** A PCollection's windowing strategy, as the SDK holds it. */
import { create } from "@bufbuild/protobuf";
import { type Coder, GLOBAL_WINDOW_CODER, INTERVAL_WINDOW_CODER } from "../../portability/coders/index.js";
import type { Duration } from "../../portability/execution/time.js";
import type { BoundedWindow } from "../../portability/execution/window.js";
import { windowFnToProto } from "../../portability/execution/window-fn.js";
import {
  AccumulationMode_Enum,
  ClosingBehavior_Enum,
  type FunctionSpec,
  MergeStatus_Enum,
  OnTimeBehavior_Enum,
  OutputTime_Enum,
  type WindowingStrategy as WindowingStrategyProto,
  WindowingStrategySchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import { merges, type StrategyWindowFn } from "../windowing/custom-window-fn.js";
import { continuationOf } from "../windowing/trigger-rules.js";
import { triggerToProto } from "../windowing/trigger-to-proto.js";
import type { Trigger } from "../windowing/triggers.js";

/**
 * How the panes of a window relate: each holds what is new (`DISCARDING`), each repeats what those before it held
 * (`ACCUMULATING`), or each does that and takes those before it back (`RETRACTING`): of `AccumulationMode` of the model, which
 * no other runner has. What is taken back comes as an element of its own whose pane says so (`PaneInfo.valueKind`); when windows
 * merge, the panes of all of them are taken back.
 */
export type AccumulationMode = "DISCARDING" | "ACCUMULATING" | "RETRACTING";

/** Where and how the elements of a PCollection are grouped. */
export interface WindowingStrategy {
  readonly windowFn: StrategyWindowFn;
  /** Whether windows that merge have done so in a grouping: another leaves them as they are (`MergeStatus.ALREADY_MERGED`). */
  readonly alreadyMerged: boolean;
  /** How long after its end (ms) a window still takes elements. Default 0. */
  readonly allowedLateness: Duration;
  /** When panes are emitted. */
  readonly trigger: Trigger;
  /** How a later pane of a window relates to earlier ones. */
  readonly accumulationMode: AccumulationMode;
  /** Timestamp of what a grouping emits. Default: the end of the window. */
  readonly outputTime: "END_OF_WINDOW" | "EARLIEST_IN_PANE" | "LATEST_IN_PANE";
  /** Whether a window emits a pane at its end if it has nothing new by then. Default: yes, if it has had an element. */
  readonly onTimeBehavior: "FIRE_ALWAYS" | "FIRE_IF_NONEMPTY";
  /** Whether a window that expires emits a last pane if it has nothing new. Default: no. */
  readonly closingBehavior: "EMIT_ALWAYS" | "EMIT_IF_NONEMPTY";
  /** Whether its author takes it upon themself that the trigger may lose data or never fire. The protocol has no such thing. */
  readonly allowUnsafeTriggers: boolean;
}

/** How every PCollection begins: one global window, default trigger. */
export const GLOBAL_WINDOWING: WindowingStrategy = {
  windowFn: { kind: "global" },
  alreadyMerged: false,
  allowedLateness: 0,
  trigger: { kind: "default" },
  accumulationMode: "DISCARDING",
  outputTime: "END_OF_WINDOW",
  onTimeBehavior: "FIRE_ALWAYS",
  closingBehavior: "EMIT_IF_NONEMPTY",
  allowUnsafeTriggers: false,
};

/** Equal for two strategies exactly where they mean the same. */
export function windowingKey({ allowUnsafeTriggers: _, ...strategy }: WindowingStrategy): string {
  return JSON.stringify(Object.entries(strategy).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** How what a grouping emits is windowed: as its input is, but panes are let through as they come, and windows stay apart. */
export function windowingOfGroups(input: WindowingStrategy): WindowingStrategy {
  return { ...input, alreadyMerged: merges(input.windowFn), trigger: continuationOf(input.trigger) };
}

/** How the windows of a strategy are written. */
export function windowCoderOf({ windowFn }: WindowingStrategy): Coder<BoundedWindow> {
  if (windowFn.kind === "custom") return windowFn.windowCoder;
  return (windowFn.kind === "global"
    ? GLOBAL_WINDOW_CODER
    : INTERVAL_WINDOW_CODER) as Coder<unknown> as Coder<BoundedWindow>;
}

/** How a window function is written, in strategies and wherever else it is named. */
export function specOfWindowFn(windowFn: StrategyWindowFn): FunctionSpec {
  return windowFn.kind === "custom" ? windowFn.spec : windowFnToProto(windowFn);
}

function mergeStatusOf({ windowFn, alreadyMerged }: WindowingStrategy): MergeStatus_Enum {
  if (!merges(windowFn)) return MergeStatus_Enum.NON_MERGING;
  return alreadyMerged ? MergeStatus_Enum.ALREADY_MERGED : MergeStatus_Enum.NEEDS_MERGE;
}

/** `windowCoderId` and `environmentId` name components of the pipeline. */
export function windowingToProto(
  strategy: WindowingStrategy,
  windowCoderId: string,
  environmentId: string,
): WindowingStrategyProto {
  const { windowFn } = strategy;
  return create(WindowingStrategySchema, {
    windowFn: specOfWindowFn(windowFn),
    mergeStatus: mergeStatusOf(strategy),
    windowCoderId,
    trigger: triggerToProto(strategy.trigger),
    accumulationMode: AccumulationMode_Enum[strategy.accumulationMode],
    outputTime: OutputTime_Enum[strategy.outputTime],
    closingBehavior: ClosingBehavior_Enum[strategy.closingBehavior],
    onTimeBehavior: OnTimeBehavior_Enum[strategy.onTimeBehavior],
    allowedLateness: BigInt(strategy.allowedLateness),
    assignsToOneWindow: windowFn.kind !== "sliding" && windowFn.kind !== "custom",
    environmentId,
  });
}

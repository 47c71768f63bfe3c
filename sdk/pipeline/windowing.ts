/** A PCollection's windowing strategy, as the SDK holds it. */
import { create } from "@bufbuild/protobuf";
import type { Duration } from "../../portability/execution/time.js";
import { type StandardWindowFn, windowFnToProto } from "../../portability/execution/window-fn.js";
import {
  AccumulationMode_Enum,
  ClosingBehavior_Enum,
  MergeStatus_Enum,
  OnTimeBehavior_Enum,
  OutputTime_Enum,
  Trigger_DefaultSchema,
  TriggerSchema,
  type WindowingStrategy as WindowingStrategyProto,
  WindowingStrategySchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";

/** Where and how the elements of a PCollection are grouped. */
export interface WindowingStrategy {
  readonly windowFn: StandardWindowFn;
  /** How long after its end (ms) a window still takes elements. Default 0. */
  readonly allowedLateness: Duration;
  /** Whether a later pane of a window repeats the elements of earlier ones. */
  readonly accumulationMode: "DISCARDING" | "ACCUMULATING";
  /** Timestamp of what a grouping emits. Default: the end of the window. */
  readonly outputTime: "END_OF_WINDOW" | "EARLIEST_IN_PANE" | "LATEST_IN_PANE";
}

/** How every PCollection begins: one global window, default trigger. */
export const GLOBAL_WINDOWING: WindowingStrategy = {
  windowFn: { kind: "global" },
  allowedLateness: 0,
  accumulationMode: "DISCARDING",
  outputTime: "END_OF_WINDOW",
};

/** Equal for two strategies exactly where they mean the same. */
export function windowingKey(strategy: WindowingStrategy): string {
  return JSON.stringify([strategy.windowFn, strategy.allowedLateness, strategy.accumulationMode, strategy.outputTime]);
}

/** `windowCoderId` and `environmentId` name components of the pipeline. */
export function windowingToProto(
  strategy: WindowingStrategy,
  windowCoderId: string,
  environmentId: string,
): WindowingStrategyProto {
  const { windowFn } = strategy;
  return create(WindowingStrategySchema, {
    windowFn: windowFnToProto(windowFn),
    mergeStatus: windowFn.kind === "sessions" ? MergeStatus_Enum.NEEDS_MERGE : MergeStatus_Enum.NON_MERGING,
    windowCoderId,
    trigger: create(TriggerSchema, { trigger: { case: "default", value: create(Trigger_DefaultSchema) } }),
    accumulationMode: AccumulationMode_Enum[strategy.accumulationMode],
    outputTime: OutputTime_Enum[strategy.outputTime],
    closingBehavior: ClosingBehavior_Enum.EMIT_IF_NONEMPTY,
    onTimeBehavior: OnTimeBehavior_Enum.FIRE_ALWAYS,
    allowedLateness: BigInt(strategy.allowedLateness),
    assignsToOneWindow: windowFn.kind !== "sliding",
    environmentId,
  });
}

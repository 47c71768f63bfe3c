/** Windowing strategies of other SDKs, as this one holds them. */

import { GirderError } from "../../portability/errors.js";
import { timestampTransformsFromProto } from "../../portability/execution/timestamp-transform.js";
import { windowFnFromProto } from "../../portability/execution/window-fn.js";
import {
  AccumulationMode_Enum as AccumulationModeEnum,
  ClosingBehavior_Enum as ClosingBehavior,
  MergeStatus_Enum,
  OnTimeBehavior_Enum as OnTimeBehavior,
  OutputTime_Enum as OutputTime,
  type Trigger as TriggerProto,
  type WindowingStrategy as WindowingStrategyProto,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { AccumulationMode, WindowingStrategy } from "../pipeline/windowing.js";
import type { Trigger } from "./triggers.js";

/**
 * @param where What is windowed so.
 * @throws GirderError `unsupported` for a window function of another SDK.
 */
export function windowingFromProto(proto: WindowingStrategyProto, where: string): WindowingStrategy {
  const windowFn = proto.windowFn === undefined ? undefined : windowFnFromProto(proto.windowFn);
  if (windowFn === undefined) {
    throw new GirderError(
      "unsupported",
      `Windows of another SDK are not known here: ${proto.windowFn?.urn ?? "none"}.`,
      {
        where,
        remedy: "Have the other SDK's transform output into fixed, sliding, session or global windows.",
      },
    );
  }
  return {
    windowFn,
    alreadyMerged: proto.mergeStatus === MergeStatus_Enum.ALREADY_MERGED,
    allowedLateness: Number(proto.allowedLateness),
    trigger: triggerFromProto(proto.trigger),
    accumulationMode: MODES[proto.accumulationMode] ?? "DISCARDING",
    outputTime: OUTPUT_TIMES[proto.outputTime] ?? "END_OF_WINDOW",
    onTimeBehavior: proto.onTimeBehavior === OnTimeBehavior.FIRE_IF_NONEMPTY ? "FIRE_IF_NONEMPTY" : "FIRE_ALWAYS",
    closingBehavior: proto.closingBehavior === ClosingBehavior.EMIT_ALWAYS ? "EMIT_ALWAYS" : "EMIT_IF_NONEMPTY",
    allowUnsafeTriggers: true,
  };
}

const MODES: Readonly<Partial<Record<AccumulationModeEnum, AccumulationMode>>> = {
  [AccumulationModeEnum.DISCARDING]: "DISCARDING",
  [AccumulationModeEnum.ACCUMULATING]: "ACCUMULATING",
  [AccumulationModeEnum.RETRACTING]: "RETRACTING",
};

const OUTPUT_TIMES: Readonly<Partial<Record<OutputTime, WindowingStrategy["outputTime"]>>> = {
  [OutputTime.END_OF_WINDOW]: "END_OF_WINDOW",
  [OutputTime.EARLIEST_IN_PANE]: "EARLIEST_IN_PANE",
  [OutputTime.LATEST_IN_PANE]: "LATEST_IN_PANE",
};

/** `Trigger` of `beam_runner_api.proto`. None is the default one. */
export function triggerFromProto(proto: TriggerProto | undefined): Trigger {
  const kind = proto?.trigger;
  switch (kind?.case) {
    case undefined:
    case "default":
      return { kind: "default" };
    case "never":
    case "always":
      return { kind: kind.case };
    case "elementCount":
      return { kind: "count", count: kind.value.elementCount };
    case "afterProcessingTime":
      return { kind: "processing-time", transforms: timestampTransformsFromProto(kind.value.timestampTransforms) };
    case "afterSynchronizedProcessingTime":
      return { kind: "synchronized-processing-time" };
    case "afterEndOfWindow": {
      const { earlyFirings, lateFirings } = kind.value;
      return {
        kind: "watermark",
        early: earlyFirings === undefined ? undefined : triggerFromProto(earlyFirings),
        late: lateFirings === undefined ? undefined : triggerFromProto(lateFirings),
      };
    }
    case "afterAll":
      return { kind: "all", parts: kind.value.subtriggers.map(triggerFromProto) };
    case "afterAny":
      return { kind: "any", parts: kind.value.subtriggers.map(triggerFromProto) };
    case "afterEach":
      return { kind: "each", parts: kind.value.subtriggers.map(triggerFromProto) };
    case "repeat":
      return { kind: "repeatedly", part: triggerFromProto(kind.value.subtrigger) };
    case "orFinally":
      return {
        kind: "or-finally",
        main: triggerFromProto(kind.value.main),
        until: triggerFromProto(kind.value.finally),
      };
  }
}

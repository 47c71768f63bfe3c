/** Triggers of the protocol (`Trigger` in `beam_runner_api.proto`) as the engine has them. */
import { timestampTransformsFromProto } from "../../portability/execution/timestamp-transform.js";
import type { Trigger as TriggerProto } from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Trigger } from "../engine/trigger.js";

/** A pipeline that names no trigger has the default one. */
export function triggerFromProto(proto: TriggerProto | undefined): Trigger {
  const kind = proto?.trigger;
  switch (kind?.case) {
    case undefined:
    case "default":
      return { kind: "default" };
    case "never":
      return { kind: "never" };
    case "always":
      return { kind: "always" };
    case "elementCount":
      return { kind: "element-count", count: kind.value.elementCount };
    case "afterProcessingTime":
      return {
        kind: "processing-time",
        transforms: timestampTransformsFromProto(kind.value.timestampTransforms),
      };
    case "afterSynchronizedProcessingTime":
      // There is one clock, by which everybody upstream has come as far as now when it next moves; not before, for what
      // goes on at this very instant may still move the watermark.
      return { kind: "processing-time", transforms: [{ kind: "delay", delay: 1 }] };
    case "afterEndOfWindow": {
      const { earlyFirings, lateFirings } = kind.value;
      return {
        kind: "end-of-window",
        ...(earlyFirings === undefined ? {} : { early: triggerFromProto(earlyFirings) }),
        ...(lateFirings === undefined ? {} : { late: triggerFromProto(lateFirings) }),
      };
    }
    case "afterAll":
      return { kind: "all", parts: kind.value.subtriggers.map(triggerFromProto) };
    case "afterAny":
      return { kind: "any", parts: kind.value.subtriggers.map(triggerFromProto) };
    case "afterEach":
      return { kind: "each", parts: kind.value.subtriggers.map(triggerFromProto) };
    case "repeat":
      return { kind: "repeat", part: triggerFromProto(kind.value.subtrigger) };
    case "orFinally":
      return {
        kind: "or-finally",
        main: triggerFromProto(kind.value.main),
        until: triggerFromProto(kind.value.finally),
      };
  }
}

/** Triggers as the protocol writes them. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type TimestampTransform as TimestampTransformProto,
  TimestampTransformSchema,
  type Trigger as TriggerProto,
  TriggerSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { TimestampTransform, Trigger } from "./triggers.js";

/** `Trigger` of `beam_runner_api.proto`. */
export function triggerToProto(trigger: Trigger): TriggerProto {
  return create(TriggerSchema, { trigger: kindToProto(trigger) });
}

function kindToProto(trigger: Trigger): NonNullable<MessageInitShape<typeof TriggerSchema>["trigger"]> {
  const subtriggers = (parts: readonly Trigger[]) => ({ subtriggers: parts.map(triggerToProto) });
  switch (trigger.kind) {
    case "default":
    case "never":
    case "always":
      return { case: trigger.kind, value: {} };
    case "synchronized-processing-time":
      return { case: "afterSynchronizedProcessingTime", value: {} };
    case "count":
      return { case: "elementCount", value: { elementCount: trigger.count } };
    case "processing-time":
      return {
        case: "afterProcessingTime",
        value: { timestampTransforms: trigger.transforms.map(transformToProto) },
      };
    case "watermark":
      return {
        case: "afterEndOfWindow",
        value: {
          ...(trigger.early === undefined ? {} : { earlyFirings: triggerToProto(trigger.early) }),
          ...(trigger.late === undefined ? {} : { lateFirings: triggerToProto(trigger.late) }),
        },
      };
    case "all":
      return { case: "afterAll", value: subtriggers(trigger.parts) };
    case "any":
      return { case: "afterAny", value: subtriggers(trigger.parts) };
    case "each":
      return { case: "afterEach", value: subtriggers(trigger.parts) };
    case "repeatedly":
      return { case: "repeat", value: { subtrigger: triggerToProto(trigger.part) } };
    case "or-finally":
      return {
        case: "orFinally",
        value: { main: triggerToProto(trigger.main), finally: triggerToProto(trigger.until) },
      };
  }
}

function transformToProto(transform: TimestampTransform): TimestampTransformProto {
  return create(TimestampTransformSchema, {
    timestampTransform:
      transform.kind === "delay"
        ? { case: "delay", value: { delayMillis: BigInt(transform.delay) } }
        : { case: "alignTo", value: { period: BigInt(transform.period), offset: BigInt(transform.offset) } },
  });
}

import type { TimestampTransform as TimestampTransformProto } from "../gen/org/apache/beam/model/pipeline/v1/beam_runner_api_pb.js";
import type { Duration, Instant } from "./time.js";

/** Where an instant of processing time is moved to (`TimestampTransform` of `beam_runner_api.proto`). All in ms. */
export type TimestampTransform =
  | { readonly kind: "delay"; readonly delay: Duration }
  /** The next instant that is `offset` after a multiple of `period`, or the instant itself if it is one. */
  | { readonly kind: "align"; readonly period: Duration; readonly offset: Instant };

/** As the protocol has them; those that say nothing are left out. */
export function timestampTransformsFromProto(protos: readonly TimestampTransformProto[]): TimestampTransform[] {
  return protos.flatMap(fromProto);
}

function fromProto({ timestampTransform: transform }: TimestampTransformProto): TimestampTransform[] {
  switch (transform.case) {
    case "delay":
      return [{ kind: "delay", delay: Number(transform.value.delayMillis) }];
    case "alignTo":
      return [{ kind: "align", period: Number(transform.value.period), offset: Number(transform.value.offset) }];
    case undefined:
      return [];
  }
}

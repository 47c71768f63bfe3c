/** Metrics of the parts that a runner takes a splittable DoFn apart into, at the step that was submitted. */
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";

/** What Prism calls the part that processes: the id of the submitted transform, and something around it. */
const PART = /^e(.+)_processandsplit$/;

/** @param ids Those of the transforms that were submitted. */
export function* atKnownSteps(
  infos: Iterable<MonitoringInfo>,
  ids: Readonly<Record<string, unknown>>,
): Iterable<MonitoringInfo> {
  for (const info of infos) {
    const { PTRANSFORM: id = "" } = info.labels;
    const whole = Object.hasOwn(ids, id) ? undefined : PART.exec(id)?.[1];
    yield whole === undefined || !Object.hasOwn(ids, whole)
      ? info
      : { ...info, labels: { ...info.labels, PTRANSFORM: whole } };
  }
}

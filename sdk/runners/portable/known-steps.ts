/** Metrics of the parts that a runner takes a splittable DoFn apart into, at the step that was submitted. */
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";

/**
 * What Prism, the runners of Java and Python's job service call the part that processes: the id of the submitted transform, and
 * something around it; a number last, where Java makes sure that there is no other.
 */
const PARTS = [/^e(.+)_processandsplit$/, /^(.+)\/Process(?:SizedElementsAndRestrictions)?\d*$/];

/** @param ids Those of the transforms that were submitted. */
export function* atKnownSteps(
  infos: Iterable<MonitoringInfo>,
  ids: Readonly<Record<string, unknown>>,
): Iterable<MonitoringInfo> {
  for (const info of infos) {
    const { PTRANSFORM: id = "" } = info.labels;
    const wholes = Object.hasOwn(ids, id) ? [] : PARTS.map((part) => part.exec(id)?.[1] ?? "");
    const whole = wholes.find((each) => Object.hasOwn(ids, each));
    yield whole === undefined ? info : { ...info, labels: { ...info.labels, PTRANSFORM: whole } };
  }
}

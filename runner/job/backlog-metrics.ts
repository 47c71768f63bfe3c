/**
 * Where a job is held up, as gauges that every client of the job service can ask for:
 *
 * | gauge              |                                                                                     |
 * | ------------------ | ----------------------------------------------------------------------------------- |
 * | `watermark_lag_ms` | how far the event time of what a stage outputs is behind the clock                  |
 * | `pending_elements` | elements that wait before the stage                                                 |
 * | `pending_bytes`    | estimated bytes in memory of what waits before a stage, or what a grouping holds    |
 * | `open_bundles`     | bundles of the stage that are out at workers                                        |
 *
 * Their namespace is {@link STAGE_NAMESPACE}, their step the stage's or the grouping's id.
 */
import { type Instant, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { MonitoringInfo } from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer, STAGE_NAMESPACE } from "../../portability/metrics/index.js";
import type { NodeBacklog } from "../engine/backlog.js";

/**
 * @param now ms since 1970.
 * @returns a gauge of each kind for each stage and grouping; none of the lag where event time has not begun.
 */
export function backlogMetrics(backlog: readonly NodeBacklog[], now: Instant): MonitoringInfo[] {
  const metrics = new MetricsContainer();
  for (const { id: step, watermark, elements, bytes, bundles } of backlog) {
    const gauge = (name: string, value: number): void => {
      metrics.gauge({ step, namespace: STAGE_NAMESPACE, name }).update({ value: Math.round(value), timestamp: now });
    };
    const lag = lagOf(watermark, now);
    if (lag !== undefined) gauge("watermark_lag_ms", lag);
    gauge("pending_elements", elements);
    gauge("pending_bytes", bytes);
    gauge("open_bundles", bundles);
  }
  return metrics.toMonitoringInfos();
}

/** Ms that event time is behind the clock, 0 where it is not; undefined where nothing is known of it yet. */
function lagOf(watermark: Instant, now: Instant): number | undefined {
  return watermark === MIN_TIMESTAMP ? undefined : Math.max(0, now - watermark);
}

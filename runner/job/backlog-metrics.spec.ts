import assert from "node:assert/strict";
import { MAX_TIMESTAMP, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import { MetricsContainer, STAGE_NAMESPACE } from "../../portability/metrics/index.js";
import type { NodeBacklog } from "../engine/backlog.js";
import { backlogMetrics } from "./backlog-metrics.js";

const NOW = Date.UTC(2026, 10, 1);

/** Gauges as `step name value`, of a stage that is like this. */
function gauges(node: Partial<NodeBacklog>): string[] {
  const backlog = { id: "Read", watermark: NOW, elements: 0, bytes: 0, bundles: 0, ...node };
  const metrics = MetricsContainer.fromMonitoringInfos(backlogMetrics([backlog], NOW));
  return Array.from(metrics.entries(), ({ key, cell }) => {
    assert.deepEqual([key.namespace, cell.kind], [STAGE_NAMESPACE, "gauge"]);
    const reading = cell.kind === "gauge" ? cell.result() : undefined;
    assert.equal(Number(reading?.timestamp), NOW);
    return `${key.step} ${key.name} ${reading?.value}`;
  });
}

describe("the gauges of what a job's stages have before them", () => {
  it("are how far event time is behind, what waits, and what is out", () => {
    assert.deepEqual(gauges({ watermark: NOW - 1500, elements: 7, bytes: 120.4, bundles: 2 }), [
      "Read watermark_lag_ms 1500",
      "Read pending_elements 7",
      "Read pending_bytes 120",
      "Read open_bundles 2",
    ]);
  });

  it("have no lag before event time has begun, and 0 when it has ended or is ahead", () => {
    const lag = (watermark: number) => gauges({ watermark }).filter((gauge) => gauge.includes("lag"));
    assert.deepEqual(lag(MIN_TIMESTAMP), []);
    assert.deepEqual(lag(MAX_TIMESTAMP), ["Read watermark_lag_ms 0"]);
    assert.deepEqual(lag(NOW + 1), ["Read watermark_lag_ms 0"]);
  });
});

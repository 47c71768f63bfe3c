/** How many elements a job has made, by the counts that runners give of PCollections. */
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../../../portability/urns.js";

/** All PCollections together, each once; undefined where none is counted. */
export function elementsOf(infos: Iterable<MonitoringInfo>): number | undefined {
  const counts = new Map<string, number>();
  for (const { urn, labels, payload } of infos) {
    if (urn !== MonitoringInfoSpecs.Enum.ELEMENT_COUNT.urn) continue;
    const id = labels["PCOLLECTION"] ?? "";
    counts.set(id, Math.max(counts.get(id) ?? 0, varint(payload)));
  }
  return counts.size === 0 ? undefined : [...counts.values()].reduce((sum, each) => sum + each, 0);
}

/** `beam:metrics:sum_int64:v1`: a varint. */
function varint(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < bytes.length; i++) value += (bytes[i]! & 0x7f) * 128 ** i;
  return value;
}

/** How fast a bundle of a worker goes on, which tells whether it computes or waits. */
import { ByteReader } from "../../../portability/coders/byte-reader.js";
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../../../portability/urns.js";

/**
 * Elements in a second, of all PCollections, from which on a bundle computes: one that waits for a service, a disk or a clock takes
 * longer for each.
 */
const COMPUTES = 2_000;

export class Pace {
  #at = performance.now();
  #elements = 0;

  /** Whether the bundle has computed since it was asked before, or since it began, by what it has counted in all. */
  computes(infos: readonly MonitoringInfo[]): boolean {
    const now = performance.now();
    const elements = elementsOf(infos);
    const rate = (elements - this.#elements) / ((now - this.#at) / 1000);
    this.#at = now;
    this.#elements = elements;
    return rate >= COMPUTES;
  }
}

function elementsOf(infos: readonly MonitoringInfo[]): number {
  let elements = 0;
  for (const { urn, payload } of infos) {
    if (urn === MonitoringInfoSpecs.Enum.ELEMENT_COUNT.urn) elements += Number(new ByteReader(payload).readVarint());
  }
  return elements;
}

/** Short names for what metrics measure, so that each is told to the runner once and not with every bundle. */
import { create } from "@bufbuild/protobuf";
import {
  type MonitoringInfo,
  MonitoringInfoSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";

export class ShortIds {
  readonly #ids = new Map<string, string>();
  readonly #infos = new Map<string, MonitoringInfo>();

  /** Payloads by short id. */
  shortened(infos: Iterable<MonitoringInfo>): Record<string, Uint8Array> {
    return Object.fromEntries(Array.from(infos, (info) => [this.#idOf(info), info.payload]));
  }

  #idOf({ urn, type, labels }: MonitoringInfo): string {
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([urn, sorted]);
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.#ids.size.toString(36);
      this.#ids.set(key, id);
      this.#infos.set(id, create(MonitoringInfoSchema, { urn, type, labels }));
    }
    return id;
  }

  /** What the ids stand for, as far as they were given out here. */
  infos(ids: readonly string[]): Record<string, MonitoringInfo> {
    return Object.fromEntries(
      ids.flatMap((id) => {
        const info = this.#infos.get(id);
        return info === undefined ? [] : [[id, info]];
      }),
    );
  }
}

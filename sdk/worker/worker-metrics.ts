/** What a worker measures beside the author's metrics, as `MonitoringInfo`s. */
import { create } from "@bufbuild/protobuf";
import { DOUBLE_CODER, encodeToBytes, IterableCoder } from "../../portability/coders/index.js";
import {
  type MonitoringInfo,
  MonitoringInfoSchema,
} from "../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { CounterCell } from "../../portability/metrics/counter.js";
import { MonitoringInfoSpecs } from "../../portability/urns.js";

const { ELEMENT_COUNT, DATA_CHANNEL_READ_INDEX, WORK_COMPLETED, WORK_REMAINING } = MonitoringInfoSpecs.Enum;
const SHARES = new IterableCoder(DOUBLE_CODER);

function sum({ urn, type }: { readonly urn: string; readonly type: string }, label: string, of: string, value: number) {
  const cell = new CounterCell();
  cell.update(value);
  return create(MonitoringInfoSchema, { urn, type, labels: { [label]: of }, payload: cell.encode() });
}

/** How many elements a PCollection has had. */
export function elementCount(pcollection: string, count: number): MonitoringInfo {
  return sum(ELEMENT_COUNT, "PCOLLECTION", pcollection, count);
}

/** Which element of a source is being processed; −1 before the first. */
export function readIndex(source: string, index: number): MonitoringInfo {
  return sum(DATA_CHANNEL_READ_INDEX, "PTRANSFORM", source, index);
}

/** How far the element is that a splittable DoFn has in hand. @param remaining Share (0 to 1) that is not yet done. */
export function workProgress(transform: string, remaining: number): MonitoringInfo[] {
  const share = ({ urn, type }: typeof WORK_COMPLETED | typeof WORK_REMAINING, value: number): MonitoringInfo =>
    create(MonitoringInfoSchema, {
      urn,
      type,
      labels: { PTRANSFORM: transform },
      payload: encodeToBytes(SHARES, [value], true),
    });
  return [share(WORK_COMPLETED, 1 - remaining), share(WORK_REMAINING, remaining)];
}

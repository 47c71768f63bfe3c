/** What each kind of user metric is on the wire. */
import { MonitoringInfoSpecs } from "../urns.js";
import { BoundedTrieCell } from "./bounded-trie.js";
import { CounterCell } from "./counter.js";
import { DistributionCell } from "./distribution.js";
import { GaugeCell } from "./gauge.js";
import { HistogramCell } from "./histogram.js";
import type { MetricKind } from "./metric-cell.js";
import { StringSetCell } from "./string-set.js";

/** The cell of each kind. */
export interface CellByKind {
  readonly counter: CounterCell;
  readonly distribution: DistributionCell;
  readonly gauge: GaugeCell;
  readonly "string-set": StringSetCell;
  readonly "bounded-trie": BoundedTrieCell;
  readonly histogram: HistogramCell;
}

/** A cell of any kind. */
export type AnyCell = CellByKind[MetricKind];

/** How a kind is reported: URN and type of its user metrics, and the inverse of its cell's `encode`. */
export interface KindSpec<K extends MetricKind> {
  readonly kind: K;
  readonly urn: string;
  readonly type: string;
  /** @throws GirderError `malformed-data` */
  decode(payload: Uint8Array): CellByKind[K];
}

const { Enum: specs } = MonitoringInfoSpecs;

/** All kinds. */
export const metricKinds: { readonly [K in MetricKind]: KindSpec<K> } = {
  counter: { kind: "counter", ...wire(specs.USER_SUM_INT64), decode: CounterCell.decode },
  distribution: { kind: "distribution", ...wire(specs.USER_DISTRIBUTION_INT64), decode: DistributionCell.decode },
  gauge: { kind: "gauge", ...wire(specs.USER_LATEST_INT64), decode: GaugeCell.decode },
  "string-set": { kind: "string-set", ...wire(specs.USER_SET_STRING), decode: StringSetCell.decode },
  "bounded-trie": { kind: "bounded-trie", ...wire(specs.USER_BOUNDED_TRIE), decode: BoundedTrieCell.decode },
  histogram: { kind: "histogram", ...wire(specs.USER_HISTOGRAM), decode: HistogramCell.decode },
};

const byUrn = new Map<string, KindSpec<MetricKind>>(Object.values(metricKinds).map((spec) => [spec.urn, spec]));
const byType = new Map<string, KindSpec<MetricKind>>(Object.values(metricKinds).map((spec) => [spec.type, spec]));

/** The kind of user metric that is reported under `urn`, undefined for any other URN. */
export function kindOfUrn(urn: string): KindSpec<MetricKind> | undefined {
  return byUrn.get(urn);
}

/**
 * The kind whose payloads have this type (`beam:metrics:…`), user metric or not: element counts, say, are written as
 * counters are. Undefined for types without a cell.
 */
export function kindOfType(type: string): KindSpec<MetricKind> | undefined {
  return byType.get(type);
}

function wire({ urn, type }: { readonly urn: string; readonly type: string }): { urn: string; type: string } {
  return { urn, type };
}

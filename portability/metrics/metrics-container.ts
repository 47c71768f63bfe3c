import { create } from "@bufbuild/protobuf";
import { type MonitoringInfo, MonitoringInfoSchema } from "../gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MonitoringInfoSpecs } from "../urns.js";
import { BoundedTrieCell } from "./bounded-trie.js";
import { CounterCell } from "./counter.js";
import { DistributionCell } from "./distribution.js";
import { GaugeCell } from "./gauge.js";
import { type HistogramBuckets, HistogramCell } from "./histogram.js";
import { type AnyCell, type CellByKind, kindOfType, kindOfUrn, metricKinds } from "./kinds.js";
import type { MetricCell, MetricKind } from "./metric-cell.js";
import { StringSetCell } from "./string-set.js";

/** What a user metric is called. Two kinds may share a name. */
export interface MetricKey<K extends MetricKind = MetricKind> {
  /** Id of the transform whose function recorded it; empty where it was recorded outside any. */
  readonly step: string;
  readonly namespace: string;
  readonly name: string;
  readonly kind: K;
}

/** A metric that is not the author's, or of a kind unknown here. */
interface OtherMetric {
  readonly info: MonitoringInfo;
  /** What it has gathered, where its type can be merged. */
  readonly cell: AnyCell | undefined;
}

/** A key without its kind. */
export type MetricName = Omit<MetricKey, "kind">;

const [STEP, NAMESPACE, NAME] = MonitoringInfoSpecs.Enum.USER_SUM_INT64.labels;

/**
 * The user metrics of a bundle, a worker or a job: cells by key, made when they are first asked for. Holding on to a cell
 * saves the look-up for each element.
 */
export class MetricsContainer {
  readonly #cells = new Map<string, { readonly key: MetricKey; readonly cell: AnyCell }>();
  /** What is no user metric of a kind known here, by what it measures. */
  readonly #others = new Map<string, OtherMetric>();

  counter(name: MetricName): CounterCell {
    return this.#cell({ ...name, kind: "counter" }, () => new CounterCell());
  }

  distribution(name: MetricName): DistributionCell {
    return this.#cell({ ...name, kind: "distribution" }, () => new DistributionCell());
  }

  gauge(name: MetricName): GaugeCell {
    return this.#cell({ ...name, kind: "gauge" }, () => new GaugeCell());
  }

  stringSet(name: MetricName): StringSetCell {
    return this.#cell({ ...name, kind: "string-set" }, () => new StringSetCell());
  }

  boundedTrie(name: MetricName): BoundedTrieCell {
    return this.#cell({ ...name, kind: "bounded-trie" }, () => new BoundedTrieCell());
  }

  /** `buckets` count when the histogram is first asked for; later ones find it as it is. */
  histogram(name: MetricName, buckets: HistogramBuckets): HistogramCell {
    return this.#cell({ ...name, kind: "histogram" }, () => new HistogramCell(buckets));
  }

  /** The cell of this key, if there is one. */
  get<K extends MetricKind>(key: MetricKey<K>): CellByKind[K] | undefined {
    return this.#cells.get(identityOf(key))?.cell as CellByKind[K] | undefined;
  }

  /** All metrics in which something was recorded. */
  *entries(): Generator<{ readonly key: MetricKey; readonly cell: AnyCell }> {
    for (const entry of this.#cells.values()) if (!entry.cell.isEmpty) yield entry;
  }

  /**
   * Adds what `other` has gathered; leaves `other` as it is.
   *
   * @throws GirderError `invalid-argument` for histograms of one key with different buckets.
   */
  merge(other: MetricsContainer): void {
    for (const { key, cell } of other.entries()) this.#absorb(key, cell);
    for (const metric of other.#others.values()) this.#absorbOther(metric);
  }

  /** One MonitoringInfo for each metric in which something was recorded. */
  toMonitoringInfos(): MonitoringInfo[] {
    const users = Array.from(this.entries(), ({ key, cell }) => {
      const { urn, type } = metricKinds[key.kind];
      const labels = { [STEP]: key.step, [NAMESPACE]: key.namespace, [NAME]: key.name };
      return create(MonitoringInfoSchema, { urn, type, labels, payload: cell.encode() });
    });
    const others = Array.from(this.#others.values(), ({ info, cell }) => {
      const { urn, type, labels, payload } = info;
      return create(MonitoringInfoSchema, { urn, type, labels, payload: cell?.encode() ?? payload });
    });
    return [...users, ...others];
  }

  /**
   * What `infos` say, those of one key merged. Metrics that are not the author's (element counts, execution times) are kept
   * for {@link toMonitoringInfos}; of types that cannot be merged (doubles), the last one counts.
   *
   * @throws GirderError `malformed-data` for a payload that is not of its type.
   */
  static fromMonitoringInfos(infos: Iterable<MonitoringInfo>): MetricsContainer {
    const container = new MetricsContainer();
    for (const info of infos) {
      const { urn, labels, payload } = info;
      const spec = kindOfUrn(urn);
      if (spec === undefined) {
        container.#absorbOther({ info, cell: kindOfType(info.type)?.decode(payload) });
        continue;
      }
      const key = {
        step: labels[STEP] ?? "",
        namespace: labels[NAMESPACE] ?? "",
        name: labels[NAME] ?? "",
        kind: spec.kind,
      };
      container.#absorb(key, spec.decode(payload));
    }
    return container;
  }

  #cell<K extends MetricKind>(key: MetricKey<K>, make: () => CellByKind[K]): CellByKind[K] {
    const identity = identityOf(key);
    const held = this.#cells.get(identity);
    if (held !== undefined) return held.cell as CellByKind[K];
    const cell = make();
    this.#cells.set(identity, { key, cell });
    return cell;
  }

  #absorbOther({ info, cell }: OtherMetric): void {
    const labels = Object.entries(info.labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const identity = JSON.stringify([info.urn, labels]);
    const held = this.#others.get(identity);
    if (held?.cell === undefined || cell === undefined) {
      this.#others.set(identity, { info, cell: cell?.snapshot() });
    } else {
      // One URN has one type.
      (held.cell as MetricCell<never, unknown>).merge(cell);
    }
  }

  #absorb(key: MetricKey, cell: AnyCell): void {
    const identity = identityOf(key);
    const held = this.#cells.get(identity);
    if (held === undefined) {
      this.#cells.set(identity, { key, cell: cell.snapshot() });
    } else {
      // The key holds the kind, so both cells are of one class.
      (held.cell as MetricCell<never, unknown>).merge(cell);
    }
  }
}

function identityOf({ step, namespace, name, kind }: MetricKey): string {
  return JSON.stringify([kind, step, namespace, name]);
}

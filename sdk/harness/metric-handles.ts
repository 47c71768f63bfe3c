/** A metric of one step: what its function holds, whichever bundle it is called in. */
import type {
  BoundedTrieCell,
  CounterCell,
  DistributionCell,
  GaugeCell,
  HistogramBuckets,
  HistogramCell,
  MetricsContainer,
  StringSetCell,
} from "../../portability/metrics/index.js";
import type { MetricParam } from "../pipeline/context.js";

export class MetricHandle {
  readonly #param: MetricParam<unknown>;
  readonly #step: string;
  #cell: unknown;
  /** What the author's function is given. */
  readonly facade: object;

  constructor(param: MetricParam<unknown>, step: string) {
    this.#param = param;
    this.#step = step;
    this.facade = this.#makeFacade();
  }

  /** Counts into `metrics` from here on. */
  start(metrics: MetricsContainer): void {
    const name = { step: this.#step, namespace: this.#param.namespace, name: this.#param.metric };
    switch (this.#param.kind) {
      case "counter":
        this.#cell = metrics.counter(name);
        break;
      case "distribution":
        this.#cell = metrics.distribution(name);
        break;
      case "gauge":
        this.#cell = metrics.gauge(name);
        break;
      case "string-set":
        this.#cell = metrics.stringSet(name);
        break;
      case "bounded-trie":
        this.#cell = metrics.boundedTrie(name);
        break;
      case "histogram":
        this.#cell = metrics.histogram(name, this.#param.options as HistogramBuckets);
        break;
    }
  }

  #makeFacade(): object {
    switch (this.#param.kind) {
      case "counter":
        return {
          inc: (amount: number | bigint = 1) => (this.#cell as CounterCell).update(amount),
          dec: (amount: number | bigint = 1) => (this.#cell as CounterCell).update(-amount),
        };
      case "distribution":
        return { update: (value: number | bigint) => (this.#cell as DistributionCell).update(value) };
      case "gauge":
        return {
          set: (value: number | bigint) => (this.#cell as GaugeCell).update({ value, timestamp: Date.now() }),
        };
      case "string-set":
        return { add: (value: string) => (this.#cell as StringSetCell).update(value) };
      case "bounded-trie":
        return { add: (...path: string[]) => (this.#cell as BoundedTrieCell).update(path) };
      case "histogram":
        return { update: (value: number) => (this.#cell as HistogramCell).update(value) };
    }
  }
}

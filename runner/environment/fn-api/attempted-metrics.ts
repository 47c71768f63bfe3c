/** Metrics of everything that workers of a job have done, whether it was committed or not, up to now. */
import type { MonitoringInfo } from "../../../portability/gen/org/apache/beam/model/pipeline/v1/metrics_pb.js";
import { MetricsContainer } from "../../../portability/metrics/index.js";

export class AttemptedMetrics {
  /** Of bundles that have ended, well or not. */
  readonly #ended = new MetricsContainer();
  /** Of bundles that are out, as far as is known, by instruction. */
  readonly #running = new Map<string, MetricsContainer>();
  /** What workers record beside bundles, by worker: it is all that each has recorded since its start. */
  readonly #harnesses = new Map<string, readonly MonitoringInfo[]>();

  /** What a bundle that is out has recorded so far, in place of what was known of it. */
  progress(instruction: string, metrics: MetricsContainer): void {
    this.#running.set(instruction, metrics);
  }

  /** @param metrics What it has recorded in all. Default: what was known of it last, for a bundle that was lost. */
  ended(instruction: string, metrics = this.#running.get(instruction)): void {
    this.#running.delete(instruction);
    if (metrics !== undefined) this.#ended.merge(metrics);
  }

  /** What a worker has recorded beside bundles since its start. */
  harness(worker: string, infos: readonly MonitoringInfo[]): void {
    this.#harnesses.set(worker, infos);
  }

  get infos(): MonitoringInfo[] {
    const all = new MetricsContainer();
    all.merge(this.#ended);
    for (const running of this.#running.values()) all.merge(running);
    for (const infos of this.#harnesses.values()) all.merge(MetricsContainer.fromMonitoringInfos(infos));
    return all.toMonitoringInfos();
  }
}

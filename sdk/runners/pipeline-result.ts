/** How a pipeline's run ended. */
import type { Integer, MetricsContainer } from "../../portability/metrics/index.js";

export class PipelineResult {
  /** `DONE`: everything was processed. A job that fails throws instead. */
  readonly state = "DONE";

  constructor(
    /** User metrics, by step. */
    readonly metrics: MetricsContainer,
    /** Elements that came after their window had expired and were dropped. */
    readonly droppedLate: number,
  ) {}

  /** The sum of a counter over all steps that have it; 0 if none has. */
  counter(name: string): Integer {
    let sum = 0n;
    for (const { key, cell } of this.metrics.entries()) {
      if (key.kind === "counter" && key.name === name) sum += BigInt(cell.result() as Integer);
    }
    const number = Number(sum);
    return Number.isSafeInteger(number) ? number : sum;
  }
}

/** How a pipeline's run ended. */
import type { Integer, MetricsContainer } from "../../portability/metrics/index.js";

export class PipelineResult {
  constructor(
    /** User metrics, by step. */
    readonly metrics: MetricsContainer,
    /** Elements that came after their window had expired and were dropped. */
    readonly droppedLate: number,
    /**
     * `DONE`: everything was processed; `DRAINED`: what had come when the job was drained; `UPDATED`: another job goes on in its
     * place; `STOPPED`: it was not submitted (`--dry-run`). A job that fails throws instead.
     */
    readonly state: "DONE" | "DRAINED" | "UPDATED" | "STOPPED" = "DONE",
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

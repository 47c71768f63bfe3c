/** A bundle in the making. */
import type { BundleTask, Residual } from "../../portability/execution/stage.js";
import { MetricsContainer } from "../../portability/metrics/index.js";

/** Elements between two looks at the clock: looking at every element would cost several times what it saves. */
export const CLOCK_INTERVAL = 64;

export class Bundle {
  readonly metrics = new MetricsContainer();
  readonly residuals: Residual[] = [];
  #left: number;
  #begun = false;

  constructor(readonly task: BundleTask) {
    this.#left = Math.max(1, task.maxElements);
  }

  /**
   * Elements that may be processed before this has to be asked again. 0: the bundle is at its end. The first answer is
   * never 0, so that a bundle always gets somewhere.
   */
  allowance(): number {
    if (!this.#begun) {
      this.#begun = true;
      return 1;
    }
    if (this.task.stop.stopped || performance.now() > this.task.deadline) return 0;
    return Math.min(this.#left, CLOCK_INTERVAL);
  }

  /** Counts processed elements against the bundle's maximum. */
  used(elements: number): void {
    this.#left -= elements;
  }
}

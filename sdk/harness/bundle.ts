/** A bundle in the making. */
import type { BundleTask, Residual } from "../../portability/execution/stage.js";
import type { TimerChange } from "../../portability/execution/timer.js";
import type { StateChange } from "../../portability/execution/user-state.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { type CommittedState, LocalState } from "./state/committed-state.js";

/** Elements between two looks at the clock: looking at every element would cost several times what it saves. */
export const CLOCK_INTERVAL = 64;

/** What a bundle is given beside its elements. */
export interface BundleScope
  extends Pick<BundleTask, "state" | "sideInputs" | "deadline" | "slice" | "maxElements" | "maxOutputBytes" | "stop"> {
  /** Where cells of state get what is committed. Default: `state`. */
  readonly committedState?: CommittedState;
}

/** Bytes of the batches that a stage has put out in its bundle. */
export interface OutputMeter {
  bytes: number;
}

export class Bundle {
  readonly metrics = new MetricsContainer();
  /** Work that has been given up for this slice, or for this bundle. */
  residuals: Residual[] = [];
  /** What has been done to state and timers, once the bundle is at its end. */
  readonly state: StateChange[] = [];
  readonly timers: TimerChange[] = [];
  /** What is to be called once the bundle is committed. */
  readonly finalizers: (() => void | Promise<void>)[] = [];
  #left: number;
  #begun = false;
  #sliceEnd: number;

  /** Where cells of state get what is committed. */
  readonly committed: CommittedState;

  /** @param outputs Counts the bytes that leave the stage; begins anew. */
  constructor(
    readonly task: BundleScope,
    readonly outputs: OutputMeter,
  ) {
    this.committed = task.committedState ?? new LocalState(task.state);
    outputs.bytes = 0;
    this.#left = Math.max(1, task.maxElements);
    this.#sliceEnd = performance.now() + task.slice;
  }

  /** Whether the bundle is at its end, not only its turn on the thread. */
  get over(): boolean {
    return this.#full || performance.now() > this.task.deadline;
  }

  /** Whether the bundle may take no more, whatever the time. */
  get #full(): boolean {
    return this.task.stop.stopped || this.#left <= 0 || this.outputs.bytes > this.task.maxOutputBytes;
  }

  /** Whether the bundle's turn on the thread is over. */
  get sliceOver(): boolean {
    return performance.now() > this.#sliceEnd;
  }

  /** Takes the thread for another while. */
  nextSlice(): void {
    this.#sliceEnd = performance.now() + this.task.slice;
  }

  /**
   * Elements that may be processed before this has to be asked again. 0: the slice is at its end, or the bundle is. The
   * first answer is never 0, so that a bundle always gets somewhere.
   */
  allowance(): number {
    if (!this.#begun) {
      this.#begun = true;
      return 1;
    }
    if (this.#full || performance.now() > this.#sliceEnd) return 0;
    return Math.min(this.#left, CLOCK_INTERVAL);
  }

  /** Counts processed elements against the bundle's maximum. */
  used(elements: number): void {
    this.#left -= elements;
  }
}

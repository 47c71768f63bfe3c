/** A bundle in the making. */
import type { BundleTask, Residual } from "../../portability/execution/stage.js";
import type { TimerChange } from "../../portability/execution/timer.js";
import type { StateChange } from "../../portability/execution/user-state.js";
import { MetricsContainer } from "../../portability/metrics/index.js";
import { type CommittedState, LocalState } from "./state/committed-state.js";

/** Elements between two looks at the clock: looking at every element would cost several times what it saves. */
export const CLOCK_INTERVAL = 64;

/** What a bundle is given beside its elements. */
export type BundleScope = Pick<
  BundleTask,
  "state" | "sideInputs" | "deadline" | "slice" | "maxElements" | "maxOutputBytes" | "stop"
>;

/** Bytes of the batches that a stage has put out in its bundle. */
export interface OutputMeter {
  bytes: number;
}

export class Bundle {
  readonly metrics = new MetricsContainer();
  /** Work that has been given up for this slice, or for this bundle. */
  residuals: Residual[] = [];
  /** How many of the task's timers have fired. */
  fired = 0;
  /** What has been done to state and timers, once the bundle is at its end. */
  readonly state: StateChange[] = [];
  readonly timers: TimerChange[] = [];
  /** Of a chain that awaits: how many elements of the batch in hand it has begun, and at how many it stops. */
  begun = 0;
  limit = Number.POSITIVE_INFINITY;
  /** Elements of the task that have been given away since. */
  given = 0;
  readonly #onCommit = new Map<unknown, () => void | PromiseLike<void>>();
  #left: number;
  #begun = false;
  #sliceEnd: number;

  /**
   * @param outputs Counts the bytes that leave the stage; begins anew.
   * @param committed Where the cells of state get what is committed.
   */
  constructor(
    readonly task: BundleScope,
    readonly outputs: OutputMeter,
    readonly committed: CommittedState = new LocalState(task.state),
  ) {
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

  /**
   * Has something done once the bundle is committed; not at all if it is not.
   *
   * @param key Takes the place of what was to be done under the same key.
   */
  onCommit(action: () => void | PromiseLike<void>, key: unknown = action): void {
    this.#onCommit.set(key, action);
  }

  /** What is to be done once the bundle is committed. */
  get finalizers(): readonly (() => void | PromiseLike<void>)[] {
    return [...this.#onCommit.values()];
  }

  /** Counts processed elements against the bundle's maximum. */
  used(elements: number): void {
    this.#left -= elements;
  }
}

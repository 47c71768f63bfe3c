/** How the steps of a stage are connected: three builders make this of one program. */
import type { Batch, Columns } from "../../portability/execution/batch.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { Bundle } from "./bundle.js";
import type { OperatorStep } from "./operator.js";

/** Makes the element at a position of a batch. */
export type ElementOf = (columns: Columns, position: number) => unknown;

export interface Chain {
  /**
   * Sends the elements of a batch through the steps that read an input, until they or the bundle come to their end.
   * Returns how many it has processed.
   */
  run(input: number, batch: Batch, bundle: Bundle): number | Promise<number>;
  /** Fires timers, from one on, until they or the slice come to their end. Returns how many have fired, from the first. */
  fire(timers: readonly Timer[], from: number, bundle: Bundle): number | Promise<number>;
  /** Ends the bundle for an operator, sending on what it emits. */
  finish(step: OperatorStep): void | Promise<void>;
}

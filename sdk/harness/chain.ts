/** How the steps of a stage are connected: three builders make this of one program. */
import type { Batch } from "../../portability/execution/batch.js";
import type { Bundle } from "./bundle.js";
import type { Cursor } from "./cursor.js";
import type { OperatorStep, Receiver } from "./operator.js";

/** Makes the element at a position of a batch. */
export type ElementOf = (batch: Batch, position: number) => unknown;

export interface Chain {
  /**
   * Sends the elements of a batch through the steps that read an input, until they or the bundle come to their end.
   * Returns how many it has processed.
   */
  run(input: number, batch: Batch, bundle: Bundle): number | Promise<number>;
  /** Ends the bundle for an operator, sending on what it emits. */
  finish(step: OperatorStep): void | Promise<void>;
  /** Sends nothing any more, whatever operators may still be waiting for. */
  abandon(): void;
}

/** The cursor and receivers of a synchronous chain. */
export interface SynchronousParts {
  readonly cursor: Cursor;
  /** By PCollection: sends an element to all that read it. */
  receiver(pcollection: string): Receiver;
}

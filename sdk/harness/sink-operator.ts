/** Where a PCollection leaves its stage. */
import type { Cursor } from "./cursor.js";
import type { Operator } from "./operator.js";

/**
 * The last step of an element. It calls nothing of the author's and never waits, by which chains know that they need not
 * guard it.
 */
export abstract class SinkOperator implements Operator {
  /** Takes an element, which is where the cursor stands. */
  abstract process(value: unknown, cursor: Cursor): void;
  /** The same of a KV in its parts, where elements are KVs: a chain that makes the KV last of all need not make it then. */
  processKeyed?(key: unknown, value: unknown, cursor: Cursor): void;
}

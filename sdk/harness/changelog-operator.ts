/** Elements of a PCollection that retracts become elements like others. */
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Cursor } from "./cursor.js";
import type { Operator, Receiver } from "./operator.js";

/** What an element becomes, by what its pane says that it does to those before it. */
export type ChangeOf = (value: unknown, pane: PaneInfo) => unknown;

export class ChangelogOperator implements Operator {
  constructor(readonly changeOf: ChangeOf) {}

  process(value: unknown, cursor: Cursor, outputs: readonly Receiver[]): void {
    const { pane } = cursor;
    const { valueKind: _, ...plain } = pane;
    cursor.pane = plain;
    outputs[0]!(this.changeOf(value, pane));
    cursor.pane = pane;
  }
}

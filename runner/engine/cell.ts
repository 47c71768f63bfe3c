/** What a grouping holds of one key in one window. */
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";

/** The values of one key in one window, and the panes emitted of them. */
export class Cell {
  /** References to values, in order of arrival; a pane's own once it is emitted. */
  refs: unknown[];
  /** Combined timestamp for the next pane; meaning depends on {@link GroupingStrategy.outputTime}. */
  time: Instant | undefined;
  pane: PaneInfo | undefined;
  /** Values that came before those in `refs` and have been moved out of memory. */
  stored: readonly StoredValues[] | undefined;

  /** @param refs Becomes the cell's own. */
  constructor(refs: unknown[]) {
    this.refs = refs;
  }

  copy(): Cell {
    const cell = new Cell(this.refs.slice());
    cell.time = this.time;
    cell.pane = this.pane;
    cell.stored = this.stored;
    return cell;
  }

  /** All values, in memory or not. */
  get values(): Iterable<unknown> {
    return this.stored === undefined ? this.refs : new StoredAndHeld(this.stored, this.refs);
  }
}

/** Values of a group that are not in memory: read each time they are iterated. */
export type StoredValues = Iterable<unknown>;

/** The values of a group, some of them not in memory. */
class StoredAndHeld implements Iterable<unknown> {
  constructor(
    readonly stored: readonly StoredValues[],
    readonly held: readonly unknown[],
  ) {}

  *[Symbol.iterator](): Iterator<unknown> {
    for (const values of this.stored) yield* values;
    yield* this.held;
  }
}

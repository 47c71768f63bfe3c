/** What a grouping holds of one window, and of one key in it. */
import type { Groups } from "../../portability/execution/groups.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import { type Instant, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { copyTriggerState, type TriggerState } from "./trigger.js";

/** One window of all keys; of one key where windows merge. */
export interface WindowCells {
  readonly window: InternedWindow;
  /**
   * Values by key, as long as that is all there is to a group: no pane emitted, no timestamp kept, nothing moved out of
   * memory. What a batch job groups is here, without a cell between the map and the array.
   */
  fresh: Groups | undefined;
  readonly cells: Map<KeyIdentity, Cell>;
  /** Whether the watermark has passed its end. */
  isEnded: boolean;
  /** Whether it is open no more. */
  isClosed: boolean;
  /** Number of the values held in memory, and their estimated bytes. */
  values: number;
  bytes: number;
}

/** The values of one key in one window, and the panes emitted of them. */
export class Cell {
  /** References to values, in order of arrival; a pane's own once it is emitted. */
  refs: unknown[];
  /** Values that came since the last pane. */
  added: number;
  /** Combined timestamp for the next pane; meaning depends on {@link GroupingStrategy.outputTime}. */
  time: Instant | undefined;
  /** Whether the next pane holds back the watermark: one of its elements came in time. */
  holds = false;
  pane: PaneInfo | undefined;
  /** Values that came before those in `refs` and have been moved out of memory. */
  stored: readonly StoredValues[] | undefined;

  /** Panes that the next one takes back, where panes are retracted. */
  emitted: readonly EmittedPane[] = [];
  /** Identities of values that were retracted before they came. */
  owed: readonly unknown[] = [];

  /** Whether its trigger has finished: it takes no more. */
  closed = false;
  /** The processing time (ms) at which its trigger was asked last, after an element. */
  asked: Instant = MIN_TIMESTAMP;

  /**
   * @param order Of all cells of a grouping, those that were made earlier come first.
   * @param refs Becomes the cell's own.
   */
  constructor(
    readonly order: number,
    readonly key: KeyIdentity,
    /** Where it is: merging moves it. */
    public open: WindowCells,
    refs: unknown[],
    public trigger: TriggerState,
  ) {
    this.refs = refs;
    this.added = refs.length;
  }

  /** Whether it is still what its window holds of its key. */
  get isThere(): boolean {
    return !this.open.isClosed && this.open.cells.get(this.key) === this;
  }

  copy(open: WindowCells): Cell {
    const cell = new Cell(this.order, this.key, open, this.refs.slice(), copyTriggerState(this.trigger));
    cell.asked = this.asked;
    cell.added = this.added;
    cell.holds = this.holds;
    cell.closed = this.closed;
    cell.time = this.time;
    cell.pane = this.pane;
    cell.emitted = this.emitted;
    cell.owed = this.owed;
    cell.stored = this.stored;
    return cell;
  }

  /** All values, in memory or not. */
  get values(): Iterable<unknown> {
    return this.stored === undefined ? this.refs : new StoredAndHeld(this.stored, this.refs);
  }
}

/** A pane as it was emitted. */
export interface EmittedPane {
  readonly values: Iterable<unknown>;
  readonly timestamp: Instant;
  readonly window: InternedWindow;
  readonly pane: PaneInfo;
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

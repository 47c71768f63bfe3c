/** Panes: which firing of its window a group is, and batches of them. */
import { Batch, type Column } from "../../portability/execution/batch.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { PaneInfo, PaneTiming } from "../../portability/execution/pane.js";
import type { Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";

/** Groups emitted together, at most. */
const GROUPS_PER_BATCH = 4096;
/** What an element adds to a pane's estimated size beside its own bytes. */
const BYTES_PER_REF = 8;

const firstPane = (timing: EmittedTiming, isLast: boolean): PaneInfo => ({
  timing,
  isFirst: true,
  isLast,
  index: 0,
  nonSpeculativeIndex: timing === "EARLY" ? -1 : 0,
});
const firstPanes = (timing: EmittedTiming) => ({ open: firstPane(timing, false), last: firstPane(timing, true) });
/** The panes that most windows begin with, shared. */
const FIRST_PANES = { EARLY: firstPanes("EARLY"), ON_TIME: firstPanes("ON_TIME"), LATE: firstPanes("LATE") };

/** The timings of panes that a grouping emits. */
export type EmittedTiming = Exclude<PaneTiming, "UNKNOWN">;

/** The pane that follows `before` (undefined: none yet). */
export function paneAfter(before: PaneInfo | undefined, timing: EmittedTiming, isLast: boolean): PaneInfo {
  if (before === undefined) return FIRST_PANES[timing][isLast ? "last" : "open"];
  const nonSpeculativeIndex = timing === "EARLY" ? -1 : before.nonSpeculativeIndex + 1;
  return { timing, isFirst: false, isLast, index: before.index + 1, nonSpeculativeIndex };
}

/** Gathers panes into grouped batches. */
export class PaneBuilder {
  #batches: Batch[] = [];
  #refs: Iterable<unknown>[] = [];
  #keys: KeyIdentity[] = [];
  #timestamps: Instant[] = [];
  #windows: InternedWindow[] = [];
  #panes: PaneInfo[] = [];
  #values = 0;

  /** @param held How many of the values are in memory. */
  add(
    key: KeyIdentity,
    values: Iterable<unknown>,
    held: number,
    timestamp: Instant,
    window: InternedWindow,
    pane: PaneInfo,
  ): void {
    this.#keys.push(key);
    this.#refs.push(values);
    this.#timestamps.push(timestamp);
    this.#windows.push(window);
    this.#panes.push(pane);
    this.#values += held;
    if (this.#keys.length === GROUPS_PER_BATCH) this.#flush();
  }

  #flush(): void {
    if (this.#keys.length === 0) return;
    this.#batches.push(
      new Batch(
        this.#refs,
        this.#keys,
        constantOr(this.#timestamps),
        constantOr(this.#windows),
        constantOr(this.#panes),
        (this.#keys.length + this.#values) * BYTES_PER_REF,
      ),
    );
    this.#refs = [];
    this.#keys = [];
    this.#timestamps = [];
    this.#windows = [];
    this.#panes = [];
    this.#values = 0;
  }

  finish(): Batch[] {
    this.#flush();
    return this.#batches;
  }
}

function constantOr<T>(values: T[]): Column<T> {
  const first = values[0]!;
  return values.every((value) => value === first) ? { all: first } : values;
}

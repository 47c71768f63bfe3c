/** The windows that a grouping has open, found by when they end and expire, and how much their groups hold. */
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import type { Duration, Instant } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import { Cell, type StoredValues, type WindowCells } from "./cell.js";
import { newTriggerState, type Trigger, type TriggerState } from "./trigger.js";
import { ValidQueue } from "./valid-queue.js";

/** Fewer values than this are not worth the time it takes to merge them. */
const WORTH_MERGING = 200_000;

export class OpenWindows {
  readonly #windows = new Map<InternedWindow, WindowCells>();
  /** Windows that have not ended, and those that have, by their ends. */
  readonly #ends = new ValidQueue<WindowCells>(({ isClosed, isEnded }) => !isClosed && !isEnded, byEnd);
  readonly #expiries = new ValidQueue<WindowCells>(({ isClosed }) => !isClosed, byEnd);
  /** Estimated bytes of the values held. */
  bytes = 0;
  /** Values that have come since accumulators were merged, and those that were left then. */
  #unmerged = 0;
  #merged = 0;
  #cells = 0;

  /** The state of triggers that have none, shared. */
  readonly #stateless: TriggerState | undefined;

  constructor(
    readonly trigger: Trigger,
    readonly allowedLateness: Duration,
  ) {
    if (trigger.kind === "default") this.#stateless = newTriggerState(trigger);
  }

  get size(): number {
    return this.#windows.size;
  }

  get(window: InternedWindow): WindowCells | undefined {
    return this.#windows.get(window);
  }

  values(): Iterable<WindowCells> {
    return this.#windows.values();
  }

  /** @param isEnded Whether the watermark has passed its end. */
  open(window: InternedWindow, isEnded: boolean): WindowCells {
    const open = { window, fresh: undefined, cells: new Map(), isEnded, isClosed: false, values: 0, bytes: 0 };
    this.#add(open);
    return open;
  }

  #add(open: WindowCells): void {
    this.#windows.set(open.window, open);
    (open.isEnded ? this.#expiries : this.#ends).push(open);
  }

  close(open: WindowCells): void {
    this.#windows.delete(open.window);
    open.isClosed = true;
  }

  /** The windows that end before `watermark`, or have ended, in no order. */
  endingBefore(watermark: Instant): WindowCells[] {
    const due = endsBefore(watermark);
    return [...this.#ends.dueNow(due), ...this.#expiries.dueNow(due)];
  }

  /** Windows that end as the watermark comes here, which are ended from now on, and those that expire; in order. */
  takeDue(watermark: Instant): { readonly open: WindowCells; readonly ends: boolean }[] {
    const ending = this.#ends.takeWhile(endsBefore(watermark));
    const due = ending.map((open) => ({ open, ends: true }));
    // What expires as it ends is among those that do.
    for (const open of this.#expiries.takeWhile(endsBefore(watermark - this.allowedLateness))) {
      due.push({ open, ends: false });
    }
    for (const open of ending) {
      open.isEnded = true;
      this.#expiries.push(open);
    }
    return due.sort(({ open: a }, { open: b }) => byEnd(a, b) || (a.window.key < b.window.key ? -1 : 1));
  }

  /** Values have come, and with them their bytes. */
  charge(open: WindowCells, values: number, bytes: number): void {
    open.values += values;
    open.bytes += bytes;
    this.#unmerged += values;
    this.bytes += bytes;
  }

  /** Values of a window are held no more: with them goes their share of the window's bytes, which is returned. */
  release(open: WindowCells, values: number): number {
    const bytes = values < open.values ? (open.bytes * values) / open.values : open.bytes;
    this.charge(open, -values, -bytes);
    return bytes;
  }

  /** What a window holds of another key. @param refs Becomes the cell's own. */
  addCell(open: WindowCells, key: KeyIdentity, refs: unknown[]): Cell {
    const state = this.#stateless ?? newTriggerState(this.trigger);
    const cell = new Cell(this.#cells++, key, open, refs, state);
    open.cells.set(key, cell);
    return cell;
  }

  /** Makes cells of groups that were mere values. */
  settle(open: WindowCells): void {
    for (const [key, refs] of open.fresh?.entries() ?? []) {
      const cell = open.cells.get(key);
      if (cell === undefined) this.addCell(open, key, refs);
      else {
        for (const ref of refs) cell.refs.push(ref);
        cell.added += refs.length;
      }
    }
    open.fresh = undefined;
  }

  /** Cells with values in memory, in an order that stays as long as nothing is added. */
  *held(): Generator<Cell> {
    for (const { cells } of this.#windows.values())
      for (const cell of cells.values()) if (cell.refs.length > 0) yield cell;
  }

  /** The values of {@link held} can be had from `stored` instead, a list for each cell. */
  store(stored: readonly StoredValues[]): void {
    let i = 0;
    for (const cell of this.held()) {
      cell.stored = [...(cell.stored ?? []), stored[i++]!];
      cell.refs = [];
    }
    for (const open of this.#windows.values()) {
      open.values = 0;
      open.bytes = 0;
    }
    this.bytes = 0;
  }

  /** Whether so many accumulators have come that to merge them saves memory at little cost: several for each that there will be. */
  get isWorthMerging(): boolean {
    return this.#unmerged >= Math.max(WORTH_MERGING, 3 * this.#merged);
  }

  /** Cells with several values in memory. */
  *mergeable(): Generator<Cell> {
    for (const cell of this.held()) if (cell.refs.length > 1) yield cell;
  }

  /** Has one accumulator in the place of those of each cell of {@link mergeable}. */
  merge(merged: readonly unknown[]): void {
    let i = 0;
    for (const cell of this.mergeable()) {
      this.release(cell.open, cell.refs.length - 1);
      cell.refs = [merged[i++]];
    }
    this.#unmerged = 0;
    this.#merged = 0;
    for (const { values } of this.#windows.values()) this.#merged += values;
  }

  /** @param onCell Is told of each cell of the copy. */
  copy(onCell: (cell: Cell) => void): OpenWindows {
    const copy = new OpenWindows(this.trigger, this.allowedLateness);
    for (const open of this.#windows.values()) {
      const copied: WindowCells = { ...open, fresh: open.fresh?.copy(), cells: new Map() };
      for (const [key, cell] of open.cells) copied.cells.set(key, cell.copy(copied));
      copy.#add(copied);
      for (const cell of copied.cells.values()) onCell(cell);
    }
    copy.bytes = this.bytes;
    copy.#unmerged = this.#unmerged;
    copy.#merged = this.#merged;
    copy.#cells = this.#cells;
    return copy;
  }
}

function byEnd(a: WindowCells, b: WindowCells): number {
  return a.window.maxTimestamp - b.window.maxTimestamp;
}

function endsBefore(at: Instant): (open: WindowCells) => boolean {
  return ({ window }) => window.maxTimestamp < at;
}

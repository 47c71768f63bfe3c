/** Windows in the order of their ends. */
import TinyQueue from "tinyqueue";
import type { Instant } from "../../portability/execution/time.js";
import type { WindowCells } from "./cell.js";

/**
 * Each window is put in once. Those that count no more are passed over when their turn comes: windows that merge are closed with
 * nearly every element, long before they end.
 */
export class WindowsByEnd {
  #queue = new TinyQueue<WindowCells>([], earliestFirst);
  /** Windows with which the queue is looked through for those that do not count. */
  #limit = SLACK;

  constructor(readonly counts: (open: WindowCells) => boolean) {}

  add(open: WindowCells): void {
    this.#queue.push(open);
    if (this.#queue.length <= this.#limit) return;
    const kept = this.#queue.data.filter(this.counts);
    this.#queue = new TinyQueue(kept, earliestFirst);
    this.#limit = 2 * kept.length + SLACK;
  }

  /** Takes off the windows whose last instant is `at` or earlier. */
  takeUntil(at: Instant): WindowCells[] {
    const due: WindowCells[] = [];
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      if (this.counts(first)) {
        if (first.window.maxTimestamp > at) break;
        due.push(first);
      }
      this.#queue.pop();
    }
    return due;
  }

  /** The windows whose last instant is before `at`, in no order. They stay. */
  before(at: Instant): WindowCells[] {
    const windows: WindowCells[] = [];
    const { data } = this.#queue;
    // Of a heap, what is below an entry comes after it.
    const visit = (i: number): void => {
      const found = data[i];
      if (found === undefined || found.window.maxTimestamp >= at) return;
      if (this.counts(found)) windows.push(found);
      visit(2 * i + 1);
      visit(2 * i + 2);
    };
    visit(0);
    return windows;
  }
}

/** Windows that a queue may hold, however few of them count. */
const SLACK = 64;

function earliestFirst(a: WindowCells, b: WindowCells): number {
  return a.window.maxTimestamp - b.window.maxTimestamp;
}

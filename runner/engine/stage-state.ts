/** What the engine knows of one stage: what waits to be processed, and what its keys remember. */
import { type Batch, entry, forEachWindow, type WindowSet } from "../../portability/execution/batch.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../../portability/execution/time.js";
import type { Timer } from "../../portability/execution/timer.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { Work, WorkItem } from "./events.js";
import type { StageNode } from "./graph.js";
import { StateStore } from "./state-store.js";
import { TimerStore } from "./timer-store.js";

/** Work put off until processing time `at`. */
interface Delayed extends WorkItem {
  readonly at: Instant;
  readonly hold: Instant;
}

/** What one bundle is given. */
export interface BundleWork {
  readonly work: Work;
  readonly timers: readonly Timer[];
}

export class StageState {
  /** What waits to be processed, oldest first. */
  pending: WorkItem[] = [];
  delayed: Delayed[] = [];
  /** Of a stage that processes elements in the order of their timestamps: those for which it is not time yet. */
  unsorted: { input: number; batch: Batch }[] = [];
  /** Bundles to run again as they were. */
  lost: (BundleWork & { readonly attempt: number })[] = [];
  openBundles = 0;
  /** While timers are due: how many of the waiting batches were there first. Timers fire when those are done. */
  ahead: number | undefined;
  state = new StateStore();
  timers: TimerStore;

  constructor(readonly node: StageNode) {
    this.timers = new TimerStore(node.timers);
  }

  /** Elements that came after their window had expired, once for each such window. */
  droppedLate = 0;

  /** @param upstream How far the watermark of the inputs has come. */
  add(input: number, added: Batch, upstream: Instant): void {
    const batch = this.node.stateful ? this.#inTime(added, upstream) : added;
    if (batch.count === 0) return;
    (this.node.timeSorted ? this.unsorted : this.pending).push({ input, batch });
  }

  /** Elements in those of their windows that have not expired; without the elements that are then in none. */
  #inTime(batch: Batch, upstream: Instant): Batch {
    const isOver = ({ maxTimestamp }: InternedWindow): boolean =>
      plus(maxTimestamp, this.node.allowedLateness) < upstream;
    const { windows } = batch;
    if ("all" in windows && !Array.isArray(windows.all)) {
      if (!isOver(windows.all as InternedWindow)) return batch;
      this.droppedLate += batch.count;
      return batch.select([]);
    }
    const kept: number[] = [];
    const narrowed: WindowSet[] = [];
    let isNarrower = false;
    for (let i = 0; i < batch.count; i++) {
      const all = entry(windows, i);
      const open: InternedWindow[] = [];
      let count = 0;
      forEachWindow(all, (window) => {
        count++;
        if (!isOver(window)) open.push(window);
      });
      this.droppedLate += count - open.length;
      if (open.length === 0) continue;
      kept.push(i);
      narrowed.push(open.length === count ? all : open.length === 1 ? open[0]! : open);
      isNarrower ||= open.length < count;
    }
    const inTime = kept.length === batch.count ? batch : batch.select(kept);
    return isNarrower ? inTime.inWindows(narrowed) : inTime;
  }

  /** Lets elements wait their turn in the order of their timestamps, those for which no earlier one can come in time. */
  sort(upstream: Instant): void {
    const due: { readonly input: number; readonly batch: Batch; readonly i: number; readonly timestamp: Instant }[] =
      [];
    const rest: typeof this.unsorted = [];
    for (const { input, batch } of this.unsorted) {
      const waiting: number[] = [];
      for (let i = 0; i < batch.count; i++) {
        const timestamp = entry(batch.timestamps, i);
        const isDue = plus(timestamp, this.node.allowedLateness) < upstream || upstream === MAX_TIMESTAMP;
        if (isDue) due.push({ input, batch, i, timestamp });
        else waiting.push(i);
      }
      if (waiting.length > 0) rest.push({ input, batch: waiting.length < batch.count ? batch.select(waiting) : batch });
    }
    this.unsorted = rest;
    due.sort((a, b) => a.timestamp - b.timestamp);
    for (let from = 0; from < due.length; ) {
      const { input, batch } = due[from]!;
      let to = from + 1;
      while (to < due.length && due[to]!.batch === batch) to++;
      this.pending.push({ input, batch: batch.select(due.slice(from, to).map(({ i }) => i)) });
      from = to;
    }
  }

  /** Elements that wait, those put off and those that are not in order yet included. */
  get pendingElements(): number {
    let elements = 0;
    for (const { batch } of [...this.pending, ...this.unsorted, ...this.delayed]) elements += batch.count;
    return elements;
  }

  /** Estimated bytes of the waiting elements that are in memory. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const { batch } of this.pending) bytes += batch.residentBytes;
    return bytes;
  }

  /**
   * How far event time has come for what is processed next: the watermark of the inputs, but not past what waits.
   *
   * @param floor No need to look further once the watermark is seen to be no later than this.
   */
  inputWatermark(upstream: Instant, floor: Instant = MIN_TIMESTAMP): Instant {
    let watermark = upstream;
    for (const item of this.pending) {
      if (watermark <= floor) return watermark;
      watermark = Math.min(watermark, boundOf(item));
    }
    for (const { batch } of this.unsorted) watermark = Math.min(watermark, batch.minTimestamp);
    for (const { hold } of this.delayed) watermark = Math.min(watermark, hold);
    for (const { work } of this.lost) watermark = Math.min(watermark, earliest(work));
    return watermark;
  }

  /** Lower bound of what is still to be output, by all that is not out in a bundle. */
  outputWatermark(upstream: Instant, floor: Instant): Instant {
    const input = this.inputWatermark(upstream, floor);
    let watermark = Math.min(input, this.timers.hold(input));
    for (const { timers } of this.lost) watermark = Math.min(watermark, holdOf(timers));
    return watermark;
  }

  /** Puts delayed work whose time has come back among what waits. */
  resume(now: Instant): void {
    if (this.delayed.length === 0) return;
    for (const { at, input, batch, hold } of this.delayed) if (at <= now) this.pending.push({ input, batch, hold });
    this.delayed = this.delayed.filter(({ at }) => at > now);
  }

  /** Forgets state and timers of the windows that no element can come for any more. */
  expire(upstream: Instant): void {
    if (this.state.size === 0 && this.timers.size === 0) return;
    const watermark = this.inputWatermark(upstream);
    // All windows end with time itself. Timers of processing time still fire then, as when a bounded input has ended.
    if (watermark === MAX_TIMESTAMP && this.timers.size > 0) return;
    const isOver = ({ maxTimestamp }: { readonly maxTimestamp: Instant }): boolean =>
      plus(maxTimestamp, this.node.allowedLateness) < watermark;
    if (!this.timers.isDue({ "event-time": watermark, "processing-time": MIN_TIMESTAMP })) {
      this.state.expire(isOver);
      this.timers.expire(isOver);
    }
  }

  copy(): StageState {
    const copy = new StageState(this.node);
    copy.pending = this.pending.slice();
    copy.delayed = this.delayed.slice();
    copy.unsorted = this.unsorted.slice();
    copy.lost = this.lost.slice();
    copy.openBundles = this.openBundles;
    copy.ahead = this.ahead;
    copy.droppedLate = this.droppedLate;
    copy.state = this.state.copy();
    copy.timers = this.timers.copy();
    return copy;
  }
}

/** The earliest timestamp that may come of some work. */
export function earliest(work: Work): Instant {
  let min = MAX_TIMESTAMP;
  for (const item of work) min = Math.min(min, boundOf(item));
  return min;
}

function boundOf({ batch, hold }: WorkItem): Instant {
  return hold ?? batch.minTimestamp;
}

/** The earliest timestamp that firing timers may produce. */
export function holdOf(timers: readonly Timer[]): Instant {
  let min = MAX_TIMESTAMP;
  for (const { hold, fire } of timers) min = Math.min(min, hold, fire);
  return min;
}

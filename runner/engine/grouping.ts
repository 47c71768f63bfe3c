/**
 * GroupByKey: the values of each key and window, and when they are emitted.
 *
 * ```
 * fixed windows of 10, default trigger          elements (key, value, timestamp) -> panes
 *   add     (a, 1, 3) (a, 2, 4) (b, 3, 12)      nothing: no window has ended
 *   advance to 10                               a: [1, 2] in [0, 10), ON_TIME
 *   advance to the end of time                  b: [3] in [10, 20), ON_TIME
 * ```
 *
 * When the watermark passes the end of a window, after each element, and when its processing time has come, a window's
 * trigger is asked whether to emit a pane. With the model's default trigger that is at the window's end, then for every late
 * element until the window expires (end plus allowed lateness).
 */
import { type Batch, type Column, entry, forEachWindow } from "../../portability/execution/batch.js";
import type { Groups } from "../../portability/execution/groups.js";
import type { KeyIdentity } from "../../portability/execution/key-identity.js";
import { isRetraction, type PaneInfo } from "../../portability/execution/pane.js";
import { type Instant, MAX_TIMESTAMP, MIN_TIMESTAMP, plus } from "../../portability/execution/time.js";
import { type InternedWindow, IntervalWindow } from "../../portability/execution/window.js";
import type { WindowTable } from "../../portability/execution/window-table.js";
import { Agenda } from "./agenda.js";
import type { Cell, EmittedPane, StoredValues, WindowCells } from "./cell.js";
import { CustomMerging } from "./custom-merging.js";
import type { KeyWindows, MergedKey } from "./events.js";
import type { GroupingStrategy, ValueIdentity } from "./graph.js";
import { OpenWindows } from "./open-windows.js";
import { type EmittedTiming, PaneBuilder, paneAfter } from "./panes.js";
import {
  elementAdded,
  fired,
  mergedTriggerState,
  nextProcessingTime,
  shouldFire,
  type TriggerTime,
  waitsForTime,
} from "./trigger.js";
import { ValueGroups } from "./value-groups.js";

/** References to values, and the identities of their keys. */
interface KeyedColumns {
  readonly refs: readonly unknown[];
  readonly keys: readonly KeyIdentity[];
  readonly panes: Column<PaneInfo>;
}

function keyed(batch: Batch): KeyedColumns {
  const { refs, keys, panes } = batch.columns;
  if (keys === undefined) throw new Error("a GroupByKey was given a batch without keys");
  return { refs, keys, panes };
}

/** Everything a GroupByKey remembers: plain data around opaque references. */
export class Grouping {
  /** Open windows. With merging windows, a window of two keys is one entry too: keys merge apart inside {@link #merge}. */
  #open: OpenWindows;
  /** Cells by what holds back the output watermark for them, where something other than the end of their window does. */
  readonly #holds: Agenda<Cell>;
  /** Cells by when their triggers are to be asked. */
  readonly #times: Agenda<Cell>;
  /** With merging windows: the windows that each key has open. */
  #sessions = new Map<KeyIdentity, InternedWindow[]>();
  #custom = new CustomMerging();
  #inputWatermark: Instant = MIN_TIMESTAMP;
  #outputWatermark: Instant = MIN_TIMESTAMP;
  /** Elements that came after their window had expired, or after its trigger had finished. */
  droppedLate = 0;
  /** When triggers were asked last because of processing time. */
  #ticked: Instant = MIN_TIMESTAMP;

  /** Whether all is as it mostly is: nothing happens before the end of the window. */
  readonly #isDefault: boolean;
  /** Whether triggers are to be asked when a time has come. */
  readonly #waitsForTime: boolean;

  constructor(
    readonly strategy: GroupingStrategy,
    readonly windows: WindowTable,
    readonly valueIdentity?: ValueIdentity,
  ) {
    this.#isDefault = strategy.trigger.kind === "default";
    this.#waitsForTime = waitsForTime(strategy.trigger);
    this.#open = new OpenWindows(strategy.trigger, strategy.allowedLateness);
    this.#holds = new Agenda((cell) =>
      cell.holds && cell.isThere ? (cell.time ?? cell.open.window.maxTimestamp) : MAX_TIMESTAMP,
    );
    this.#times = new Agenda((cell) =>
      cell.closed || !cell.isThere
        ? MAX_TIMESTAMP
        : nextProcessingTime(strategy.trigger, cell.trigger, Math.max(this.#ticked, cell.asked)),
    );
  }

  /** Estimated bytes of the values held. */
  get pendingBytes(): number {
    return this.#open.bytes;
  }

  /** When, in processing time, a trigger is to be asked next; the end of time if none waits for it. */
  get nextProcessingTime(): Instant {
    return this.#times.next;
  }

  /** Takes a keyed batch. Returns the panes that its elements complete. @param now processing time, ms. */
  add(batch: Batch, now: Instant): Batch[] {
    const { count, timestamps, windows } = batch;
    const late = new PaneBuilder();
    if ("all" in windows && !Array.isArray(windows.all) && this.strategy.merging === "no") {
      const open = this.#openWindow(windows.all as InternedWindow);
      if (open === undefined) this.droppedLate += count;
      else {
        this.#open.charge(open, count, batch.bytes);
        if (this.#mayBeFresh(open)) this.#freshOf(open, batch).addAll(batch);
        else {
          const { refs, keys, panes } = keyed(batch);
          for (let i = 0; i < count; i++) {
            this.#addTo(open, keys[i]!, refs[i], entry(timestamps, i), this.#retracts(panes, i), now, late);
          }
        }
      }
    } else {
      const bytes = batch.bytes / count;
      // Asked for only if there is need: that makes references of elements.
      let columns: KeyedColumns | undefined;
      for (let i = 0; i < count; i++) {
        forEachWindow(entry(windows, i), (window) => {
          columns = this.#addOne(window, batch, i, columns, bytes, now, late);
        });
      }
    }
    return late.finish();
  }

  #freshOf(open: WindowCells, batch: Batch): Groups {
    if (open.fresh?.takes(batch) === false) this.#open.settle(open);
    open.fresh ??= batch.newGroups() ?? new ValueGroups();
    return open.fresh;
  }

  /** Adds one element to one of its windows. Returns the batch's columns if it had to ask for them. */
  #addOne(
    window: InternedWindow,
    batch: Batch,
    i: number,
    columns: KeyedColumns | undefined,
    bytes: number,
    now: Instant,
    panes: PaneBuilder,
  ): KeyedColumns | undefined {
    if (this.strategy.merging !== "overlapping") {
      const target = this.#openWindow(window);
      if (target === undefined) {
        this.droppedLate++;
        return columns;
      }
      this.#open.charge(target, 1, bytes);
      if (this.#mayBeFresh(target)) {
        this.#freshOf(target, batch).add(batch, i);
        return columns;
      }
      const known = columns ?? keyed(batch);
      const retracts = this.#retracts(known.panes, i);
      this.#addTo(target, known.keys[i]!, known.refs[i], entry(batch.timestamps, i), retracts, now, panes);
      return known;
    }
    const known = columns ?? keyed(batch);
    const target = this.#merge(known.keys[i]!, window, now);
    if (target === undefined) this.droppedLate++;
    else {
      this.#open.charge(target, 1, bytes);
      const retracts = this.#retracts(known.panes, i);
      this.#addTo(target, known.keys[i]!, known.refs[i], entry(batch.timestamps, i), retracts, now, panes);
    }
    return known;
  }

  /** Adds a value to a key's cell of a window, and emits a pane if its trigger says so. */
  #addTo(
    open: WindowCells,
    key: KeyIdentity,
    ref: unknown,
    timestamp: Instant,
    retracts: boolean,
    now: Instant,
    panes: PaneBuilder,
  ): void {
    let cell = open.cells.get(key);
    if (cell === undefined) {
      cell = this.#open.addCell(open, key, []);
    } else if (cell.closed) {
      this.droppedLate++;
      this.#open.release(open, 1);
      return;
    }
    cell.added++;
    if (this.valueIdentity === undefined) cell.refs.push(ref);
    else this.#addOrRetract(open, cell, ref, retracts, this.valueIdentity);
    // An element behind the watermark holds nothing back: its time is already promised to be over.
    if (timestamp >= this.#inputWatermark) {
      cell.holds = true;
      this.#combineTime(cell, timestamp);
      this.#holdBack(cell);
    }
    const { trigger, merging } = this.strategy;
    // Nothing to ask before the end of the window.
    if (this.#isDefault && !open.isEnded && merging !== "custom" && open.window.maxTimestamp >= this.#inputWatermark)
      return;
    const time = this.#time(open, now);
    if (!this.#isDefault) {
      elementAdded(trigger, cell.trigger, time, merging !== "no");
      cell.asked = now;
      this.#awaitTime(cell);
    }
    // Which windows are one that only their function can merge is known when it has been asked.
    if (merging === "custom") {
      this.#custom.added(key, open.window, timestamp);
      if (!this.#custom.isKnown(key)) {
        if (!this.#isDefault || open.isEnded) this.#custom.waits(key, open.window);
        return;
      }
    }
    if (shouldFire(trigger, cell.trigger, time)) this.#fire(key, cell, open, now, panes);
  }

  #retracts(panes: Column<PaneInfo>, i: number): boolean {
    return this.valueIdentity !== undefined && isRetraction(entry(panes, i));
  }

  /** Where values may be retracted: one and its retraction leave nothing, whichever comes first. */
  #addOrRetract(open: WindowCells, cell: Cell, ref: unknown, retracts: boolean, identityOf: ValueIdentity): void {
    const identity = identityOf(ref);
    const owed = retracts ? -1 : cell.owed.indexOf(identity);
    if (owed >= 0) {
      cell.owed = cell.owed.toSpliced(owed, 1);
      this.#open.release(open, 1);
    } else if (!retracts) cell.refs.push(ref);
    else {
      this.#open.release(open, 1);
      const at = cell.refs.findIndex((other) => identityOf(other) === identity);
      if (at < 0) cell.owed = [...cell.owed, identity];
      else {
        cell.refs.splice(at, 1);
        this.#open.release(open, 1);
      }
    }
  }

  #time({ window }: WindowCells, now: Instant): TriggerTime {
    return { now, windowEnded: window.maxTimestamp < this.#inputWatermark };
  }

  #mayBeFresh(open: WindowCells): boolean {
    return (
      this.#isDefault &&
      !open.isEnded &&
      this.strategy.merging === "no" &&
      this.strategy.outputTime === "END_OF_WINDOW" &&
      this.valueIdentity === undefined
    );
  }

  /** The entry of a window, opened if need be; undefined if it has expired. */
  #openWindow(window: InternedWindow): WindowCells | undefined {
    let open = this.#open.get(window);
    if (open === undefined) {
      if (this.#expired(window)) return undefined;
      open = this.#open.open(window, window.maxTimestamp < this.#inputWatermark);
    }
    return open;
  }

  #expired(window: InternedWindow): boolean {
    return plus(window.maxTimestamp, this.strategy.allowedLateness) < this.#inputWatermark;
  }

  /**
   * Joins a key's new window with those it overlaps. The merged window keeps the values of all; an element is dropped
   * only if the window it would belong to after merging has expired, as an element of a merging window may be saved by
   * a neighbour.
   */
  #merge(key: KeyIdentity, added: InternedWindow, now: Instant): WindowCells | undefined {
    const active = this.#sessions.get(key) ?? [];
    let { start, end } = interval(added);
    const overlapping: InternedWindow[] = [];
    const apart: InternedWindow[] = [];
    // Windows that touch do not overlap: [0, 10) and [10, 20) stay two.
    for (const window of active) {
      const other = interval(window);
      if (other.start < end && start < other.end) overlapping.push(window);
      else apart.push(window);
    }
    for (const window of overlapping) {
      const other = interval(window);
      start = Math.min(start, other.start);
      end = Math.max(end, other.end);
    }
    const merged = this.windows.interval(start, end);
    if (overlapping.length === 0 && this.#expired(merged)) return undefined;
    const target = this.#openWindow(merged) ?? this.#open.open(merged, true);
    for (const window of overlapping) {
      if (window !== merged) this.#move(key, this.#open.get(window)!, target, now);
    }
    apart.push(merged);
    this.#sessions.set(key, apart);
    return target;
  }

  /** Moves what a key has in a window into another. */
  #move(key: KeyIdentity, source: WindowCells, target: WindowCells, now: Instant): void {
    const moved = source.cells.get(key)!;
    source.cells.delete(key);
    this.#open.charge(target, moved.refs.length, this.#open.release(source, moved.refs.length));
    if (source.cells.size === 0) this.#open.close(source);
    const cell = target.cells.get(key);
    if (cell === undefined) {
      // The merged window is a new one: its panes are counted from the start.
      moved.pane = undefined;
      moved.open = target;
      target.cells.set(key, moved);
    } else {
      for (const ref of moved.refs) cell.refs.push(ref);
      cell.added += moved.added;
      cell.emitted = [...cell.emitted, ...moved.emitted];
      cell.owed = [...cell.owed, ...moved.owed];
      cell.holds ||= moved.holds;
      if (moved.stored !== undefined) cell.stored = [...(cell.stored ?? []), ...moved.stored];
      if (moved.time !== undefined) this.#combineTime(cell, moved.time);
    }
    const merged = target.cells.get(key)!;
    if (merged.holds) this.#holdBack(merged);
    if (this.#isDefault) return;
    const states = cell === undefined ? [moved.trigger] : [cell.trigger, moved.trigger];
    merged.trigger = mergedTriggerState(this.strategy.trigger, states, this.#time(target, now));
    merged.asked = MIN_TIMESTAMP;
    this.#awaitTime(merged);
  }

  /**
   * Keys whose function must be asked which of their windows are one: those with new windows of elements before `watermark`, which
   * must not move on to there until then, and those whose triggers may want to emit something before.
   */
  takeQuestions(watermark: Instant): KeyWindows[] {
    if (this.strategy.merging !== "custom") return [];
    const ending = this.#open.endingBefore(watermark).flatMap(({ cells }) => [...cells.keys()]);
    return this.#custom.takeQuestions(ending, watermark);
  }

  /** How far a watermark may come by what has been answered: the windows of all elements before it have been asked about. */
  cleared(watermark: Instant): Instant {
    return this.strategy.merging === "custom" ? Math.min(watermark, this.#custom.cleared) : watermark;
  }

  /** Whether it is known which windows are one of all that end before `watermark`. */
  mayAdvance(watermark: Instant): boolean {
    if (this.strategy.merging !== "custom") return true;
    return this.#open
      .endingBefore(watermark)
      .every(({ window, cells }) => [...cells.keys()].every((key) => this.#custom.isSettled(key, window)));
  }

  /** Takes the answer to {@link takeQuestions}; returns the panes that have waited for it. */
  merged(keys: readonly MergedKey[], now: Instant): Batch[] {
    const panes = new PaneBuilder();
    for (const { key, merges } of keys) {
      for (const { from, into } of merges) this.#mergeInto(key, from, into, now);
      for (const window of this.#custom.answered(key)) {
        const open = this.#open.get(window);
        const cell = open?.cells.get(key);
        if (open === undefined || cell === undefined || cell.closed) continue;
        if (shouldFire(this.strategy.trigger, cell.trigger, this.#time(open, now))) {
          this.#fire(key, cell, open, now, panes);
        }
      }
    }
    return panes.finish();
  }

  /** Makes one window of several of a key. Those that it has no more, its trigger having finished, make no difference. */
  #mergeInto(key: KeyIdentity, from: readonly InternedWindow[], into: InternedWindow, now: Instant): void {
    for (const window of from) {
      const source = this.#open.get(window);
      if (window === into || source?.cells.has(key) !== true) continue;
      this.#move(key, source, this.#openWindow(into) ?? this.#open.open(into, true), now);
      this.#custom.moved(key, window, into);
    }
  }

  #combineTime(cell: Cell, timestamp: Instant): void {
    const { outputTime } = this.strategy;
    if (outputTime === "END_OF_WINDOW") return;
    if (cell.time === undefined) cell.time = timestamp;
    else if (outputTime === "EARLIEST_IN_PANE") cell.time = Math.min(cell.time, timestamp);
    else cell.time = Math.max(cell.time, timestamp);
  }

  /** Moves the input watermark; returns the panes that are due thereby. @param now processing time, ms. */
  advance(watermark: Instant, now: Instant): Batch[] {
    this.#inputWatermark = watermark;
    const panes = new PaneBuilder();
    const emitted: Batch[] = [];
    const due = this.#open.takeDue(watermark);
    const output = this.#outputAtExpiry(due, watermark);
    for (const { open, ends } of due) {
      const expired = this.#expired(open.window);
      if (expired && open.cells.size === 0) {
        // The only pane that groups of mere values will ever have.
        const { window, fresh } = open;
        const pane = paneAfter(undefined, "ON_TIME", true);
        emitted.push(...(fresh?.emit(window.maxTimestamp, window, pane) ?? []));
      } else {
        this.#open.settle(open);
        const keys = ends || expired ? [...open.cells.keys()] : [];
        for (const key of keys) {
          const cell = open.cells.get(key);
          if (cell === undefined || cell.closed) continue;
          if (expired) this.#emitLast(key, cell, open, { now, output }, panes);
          else if (shouldFire(this.strategy.trigger, cell.trigger, this.#time(open, now))) {
            this.#fire(key, cell, open, now, panes);
          }
        }
      }
      if (expired) this.#close(open);
    }
    return [...emitted, ...panes.finish()];
  }

  /** Asks the triggers whose processing time has come. */
  tick(now: Instant): Batch[] {
    const panes = new PaneBuilder();
    const due = this.#times.takeUntil(now);
    this.#ticked = now;
    const { trigger, merging } = this.strategy;
    for (const cell of due.sort(inOrder)) {
      const { key, open } = cell;
      if (shouldFire(trigger, cell.trigger, this.#time(open, now))) {
        if (merging === "custom" && !this.#custom.isKnown(key)) this.#custom.waits(key, open.window);
        else this.#fire(key, cell, open, now, panes);
      }
      this.#awaitTime(cell);
    }
    return panes.finish();
  }

  #close(open: WindowCells): void {
    this.#open.close(open);
    this.#open.release(open, open.values);
    if (this.strategy.merging === "custom") this.#custom.closed(open.window, open.cells.keys());
    if (this.strategy.merging !== "overlapping") return;
    for (const key of open.cells.keys()) this.#leave(key, open.window);
  }

  /** A key has a session no more. */
  #leave(key: KeyIdentity, window: InternedWindow): void {
    const rest = this.#sessions.get(key)?.filter((other) => other !== window) ?? [];
    if (rest.length > 0) this.#sessions.set(key, rest);
    else this.#sessions.delete(key);
  }

  /** Emits a pane because the trigger says so. */
  #fire(key: KeyIdentity, cell: Cell, open: WindowCells, now: Instant, into: PaneBuilder): void {
    if (!this.#isDefault) fired(this.strategy.trigger, cell.trigger, this.#time(open, now));
    this.#emit(key, cell, open, cell.trigger.finished, into);
    if (!cell.trigger.finished) {
      this.#awaitTime(cell);
      return;
    }
    cell.closed = true;
    this.#open.release(open, cell.refs.length);
    cell.refs = [];
    cell.stored = undefined;
    const { merging } = this.strategy;
    if (merging === "no") return;
    // A merging window that is closed does not merge any more: what comes next begins another.
    open.cells.delete(key);
    if (open.cells.size === 0) this.#open.close(open);
    if (merging === "custom") this.#custom.closed(open.window, [key]);
    else this.#leave(key, open.window);
  }

  /**
   * How far the output watermark has come when windows expire that take late elements: first they end, then they expire, even if the
   * watermark moves past both at once. What ends and has nothing new holds back nothing.
   */
  #outputAtExpiry(due: readonly { readonly open: WindowCells }[], watermark: Instant): Instant {
    const inTwoSteps = this.strategy.allowedLateness > 0 && due.some(({ open }) => this.#expired(open.window));
    return inTwoSteps ? Math.min(watermark, this.hold) : this.#outputWatermark;
  }

  /**
   * Emits what a window that expires still has to say. A pane without anything new, for which its trigger does not ask, is late, and
   * not said, if the output watermark has come past the window's end.
   */
  #emitLast(
    key: KeyIdentity,
    cell: Cell,
    open: WindowCells,
    { now, output }: { readonly now: Instant; readonly output: Instant },
    into: PaneBuilder,
  ): void {
    const says = cell.added > 0 || shouldFire(this.strategy.trigger, cell.trigger, this.#time(open, now));
    this.#emit(key, cell, open, true, into, says ? this.#outputWatermark : output);
  }

  /** Emits a pane, if there is anything to say or it is always to be emitted. */
  #emit(
    key: KeyIdentity,
    cell: Cell,
    open: WindowCells,
    isLast: boolean,
    into: PaneBuilder,
    outputWatermark = this.#outputWatermark,
  ): void {
    const { window } = open;
    const timing = this.#timing(cell, window, outputWatermark);
    const { onTimePaneAlways, closingPaneAlways, accumulating } = this.strategy;
    const isAsked = (timing === "ON_TIME" && onTimePaneAlways) || (isLast && closingPaneAlways);
    if (cell.added === 0 && !isAsked) return;
    const pane = paneAfter(cell.pane, timing, isLast);
    cell.pane = pane;
    const timestamp = cell.time ?? window.maxTimestamp;
    if (this.strategy.retracting) this.#replace(key, cell, { values: cell.values, timestamp, window, pane }, into);
    else into.add(key, cell.values, cell.refs.length, timestamp, window, pane);
    // The pane owns the array from here on.
    if (!isLast) {
      if (accumulating) cell.refs = cell.refs.slice();
      else {
        this.#open.release(open, cell.refs.length);
        cell.refs = [];
        cell.stored = undefined;
      }
    }
    cell.added = 0;
    cell.holds = false;
    cell.time = undefined;
  }

  /** Takes back the panes that this one takes the place of: the one before it, and those of windows that have merged. */
  #replace(key: KeyIdentity, cell: Cell, next: EmittedPane, into: PaneBuilder): void {
    const { emitted } = cell;
    const isGone = cell.refs.length === 0 && cell.stored === undefined && this.valueIdentity !== undefined;
    for (const { values, timestamp, window, pane } of emitted) {
      into.add(key, values, 0, timestamp, window, { ...pane, valueKind: isGone ? "DELETE" : "UPDATE_BEFORE" });
    }
    cell.emitted = isGone ? [] : [next];
    if (isGone) return;
    const pane: PaneInfo = emitted.length === 0 ? next.pane : { ...next.pane, valueKind: "UPDATE_AFTER" };
    into.add(key, next.values, cell.refs.length, next.timestamp, next.window, pane);
  }

  #timing({ pane }: Cell, { maxTimestamp }: InternedWindow, outputWatermark: Instant): EmittedTiming {
    const isEarlySoFar = pane === undefined || pane.timing === "EARLY";
    if (maxTimestamp < outputWatermark || !isEarlySoFar) return "LATE";
    return maxTimestamp < this.#inputWatermark ? "ON_TIME" : "EARLY";
  }

  /** The values of all groups that are in memory, a list for each, in an order that stays as long as nothing is added. */
  heldValues(): (readonly unknown[])[] {
    // A value that may be retracted must be there to be found.
    if (this.valueIdentity !== undefined) return [];
    for (const open of this.#open.values()) this.#open.settle(open);
    return Array.from(this.#open.held(), ({ refs }) => refs);
  }

  /** Lets go of the values in memory, which can be had from `stored` instead, a list for each of {@link heldValues}. */
  store(stored: readonly StoredValues[]): void {
    if (this.valueIdentity === undefined) this.#open.store(stored);
  }

  /** Whether to merge accumulators saves memory. Panes that repeat each other share theirs, which must stay as they are. */
  get isWorthMerging(): boolean {
    return !this.strategy.accumulating && this.#open.isWorthMerging;
  }

  /** The accumulators of each group that has several in memory. */
  mergeable(): (readonly unknown[])[] {
    for (const open of this.#open.values()) this.#open.settle(open);
    return Array.from(this.#open.mergeable(), ({ refs }) => refs);
  }

  /** Has one accumulator in the place of each list of {@link mergeable}. */
  merge(merged: readonly unknown[]): void {
    this.#open.merge(merged);
  }

  /** Lower bound of the timestamps still to be emitted on time. */
  get hold(): Instant {
    return this.#holds.next;
  }

  /** A cell's trigger is to be asked when its time has come. */
  #awaitTime(cell: Cell): void {
    if (this.#waitsForTime) this.#times.update(cell);
  }

  /** The next pane of a cell is to be emitted before the watermark passes its time. */
  #holdBack(cell: Cell): void {
    if (this.strategy.outputTime !== "END_OF_WINDOW" || !this.#isDefault) this.#holds.update(cell);
  }

  /** Tells how far the output watermark has come: elements of windows before it can only make late panes. */
  outputAdvanced(watermark: Instant): void {
    this.#outputWatermark = watermark;
  }

  get empty(): boolean {
    return this.#open.size === 0;
  }

  copy(): Grouping {
    const copy = new Grouping(this.strategy, this.windows, this.valueIdentity);
    copy.#sessions = new Map([...this.#sessions].map(([key, windows]) => [key, windows.slice()]));
    copy.#custom = this.#custom.copy();
    copy.#inputWatermark = this.#inputWatermark;
    copy.#outputWatermark = this.#outputWatermark;
    copy.droppedLate = this.droppedLate;
    copy.#ticked = this.#ticked;
    copy.#open = this.#open.copy((cell) => {
      copy.#holdBack(cell);
      copy.#awaitTime(cell);
    });
    return copy;
  }
}

/** Window by window, in an order that a copy has, too. */
function inOrder(a: Cell, b: Cell): number {
  return a.open.window.maxTimestamp - b.open.window.maxTimestamp || a.order - b.order;
}

function interval(window: InternedWindow): { start: Instant; end: Instant } {
  if (window.value instanceof IntervalWindow) return window.value;
  throw new Error(`window ${window.id} is not an interval and cannot merge`);
}

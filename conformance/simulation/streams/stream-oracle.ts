/** What programs about event time compute: one event after another, one key and window after another, with nothing in between. */
import { type BoundedWindow, GLOBAL_WINDOW, IntervalWindow, MAX_TIMESTAMP, type Trigger } from "girder";
import { windowsAt } from "../oracle.js";
import { type Moment, type OracleTrigger, oracleTrigger } from "./oracle-trigger.js";
import type { StreamElement, StreamProgram } from "./stream-program.js";

/** Descriptions of all outputs, in any order. */
export function evaluateStream(program: StreamProgram): string[] {
  const oracle = typeof program.op === "object" ? new Gathering(program, program.op.delay) : new Panes(program);
  for (const event of program.events) {
    if (event.kind === "watermark") oracle.watermark(event.to);
    else if (event.kind === "time") oracle.time(event.by);
    else for (const element of event.elements) oracle.element(element);
  }
  oracle.watermark(MAX_TIMESTAMP);
  return oracle.outputs;
}

interface Pane {
  readonly timing: "EARLY" | "ON_TIME" | "LATE";
  readonly index: number;
  readonly flags: string;
}

interface Emitted {
  readonly values: readonly number[];
  readonly place: string;
}

/** What one key has in one window. */
interface Group {
  readonly key: string;
  window: BoundedWindow;
  trigger: OracleTrigger;
  /** Values of the next pane, and how many of them no pane has had. */
  values: number[];
  fresh: number;
  /** Timestamps of those that came in time, since the last pane. */
  times: number[];
  pane: Pane | undefined;
  /** Panes to be taken back. */
  emitted: Emitted[];
  closed: boolean;
}

class Panes {
  readonly outputs: string[] = [];
  #groups: Group[] = [];
  #now = 0;
  #input = Number.NEGATIVE_INFINITY;
  #output = Number.NEGATIVE_INFINITY;

  constructor(readonly program: StreamProgram) {}

  #ended = ({ maxTimestamp }: BoundedWindow): boolean => maxTimestamp < this.#input;
  #expired = ({ maxTimestamp }: BoundedWindow): boolean =>
    Math.min(MAX_TIMESTAMP, maxTimestamp + this.program.allowedLateness) < this.#input;
  #moment = (group: Group): Moment => ({ now: this.#now, ended: this.#ended(group.window) });

  element({ key, value, timestamp }: StreamElement): void {
    for (const window of windowsAt(this.program.windowFn, timestamp)) {
      const group = this.program.windowFn.kind === "sessions" ? this.#session(key, window) : this.#group(key, window);
      if (group === undefined || group.closed) continue;
      group.values.push(value);
      group.fresh++;
      if (timestamp >= this.#input) group.times.push(timestamp);
      const moment = this.#moment(group);
      group.trigger.element(moment);
      if (group.trigger.ready(moment)) this.#fire(group);
    }
    this.#settle();
  }

  #newGroup(key: string, window: BoundedWindow): Group {
    const trigger = oracleTrigger(this.program.trigger);
    const empty = { values: [], fresh: 0, times: [], pane: undefined, emitted: [], closed: false };
    const group: Group = { key, window, trigger, ...empty };
    this.#groups.push(group);
    return group;
  }

  #group(key: string, window: BoundedWindow): Group | undefined {
    const found = this.#groups.find((group) => group.key === key && String(group.window) === String(window));
    if (found !== undefined || this.#expired(window)) return found;
    return this.#newGroup(key, window);
  }

  /** The session that an element's window becomes a part of. */
  #session(key: string, added: BoundedWindow): Group | undefined {
    const { start, end } = added as IntervalWindow;
    const joined = this.#groups.filter((group) => {
      const window = group.window as IntervalWindow;
      return group.key === key && window.start < end && start < window.end;
    });
    if (joined.length === 0) return this.#expired(added) ? undefined : this.#newGroup(key, added);
    const windows = [added, ...joined.map(({ window }) => window)] as IntervalWindow[];
    const merged = new IntervalWindow(
      Math.min(...windows.map((it) => it.start)),
      Math.max(...windows.map((it) => it.end)),
    );
    const kept = joined.find(({ window }) => String(window) === String(merged));
    if (kept !== undefined && joined.length === 1) return kept;
    const into: Group = { ...joined[0]!, window: merged, pane: kept?.pane };
    into.values = joined.flatMap(({ values }) => values);
    into.fresh = joined.reduce((sum, { fresh }) => sum + fresh, 0);
    into.times = joined.flatMap(({ times }) => times);
    into.emitted = joined.flatMap(({ emitted }) => emitted);
    into.trigger = mergedTrigger(
      this.program.trigger,
      joined.map(({ trigger }) => trigger),
      this.#ended(merged),
    );
    this.#groups = this.#groups.filter((group) => !joined.includes(group));
    this.#groups.push(into);
    return into;
  }

  watermark(to: number): void {
    const before = this.#input;
    this.#input = to;
    const due = this.#groups.filter(({ window }) => this.#ended(window));
    // Windows end before they expire: what has nothing new to say has let the watermark of the outputs pass by then.
    const inTwoSteps = this.program.allowedLateness > 0 && due.some(({ window }) => this.#expired(window));
    const passed = inTwoSteps ? Math.min(to, this.#hold()) : this.#output;
    for (const group of due) {
      if (group.closed) continue;
      // Triggers are asked when their window ends, not whenever the watermark moves.
      const ends = group.window.maxTimestamp >= before;
      const says = group.fresh > 0 || group.trigger.ready(this.#moment(group));
      if (this.#expired(group.window)) this.#emit(group, true, says ? this.#output : passed);
      else if (ends && group.trigger.ready(this.#moment(group))) this.#fire(group);
    }
    this.#groups = this.#groups.filter(({ window }) => !this.#expired(window));
    this.#settle();
  }

  /** How far the watermark of the outputs has come, once what an event has brought about is emitted. */
  #settle(): void {
    this.#output = Math.min(this.#input, this.#hold());
  }

  #hold(): number {
    const holding = this.#groups.filter(({ times }) => times.length > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...holding.map((group) => this.#timestamp(group)));
  }

  time(by: number): void {
    const before = this.#now;
    this.#now += by;
    for (const group of [...this.#groups]) {
      if (group.closed || !group.trigger.wakes(before, this.#now)) continue;
      if (group.trigger.ready(this.#moment(group))) this.#fire(group);
    }
    this.#settle();
  }

  #timestamp({ times, window }: Group): number {
    const { outputTime } = this.program;
    if (outputTime === "END_OF_WINDOW" || times.length === 0) return window.maxTimestamp;
    return outputTime === "EARLIEST_IN_PANE" ? Math.min(...times) : Math.max(...times);
  }

  #fire(group: Group): void {
    group.trigger.fire(this.#moment(group));
    const { finished } = group.trigger;
    this.#emit(group, finished);
    if (!finished) return;
    group.closed = true;
    // A session that has finished is no part of later ones.
    if (this.program.windowFn.kind === "sessions") this.#groups = this.#groups.filter((other) => other !== group);
  }

  #emit(group: Group, isLast: boolean, output = this.#output): void {
    const { onTimeBehavior, closingBehavior, accumulationMode } = this.program;
    const { window, key, pane: before } = group;
    const isEarlySoFar = before === undefined || before.timing === "EARLY";
    const isLate = window.maxTimestamp < output || !isEarlySoFar;
    const timing = isLate ? "LATE" : this.#ended(window) ? "ON_TIME" : "EARLY";
    const isWanted =
      (timing === "ON_TIME" && onTimeBehavior === "FIRE_ALWAYS") || (isLast && closingBehavior === "EMIT_ALWAYS");
    if (group.fresh === 0 && !isWanted) return;
    const flags = [before === undefined ? " first" : "", isLast ? " last" : ""].join("");
    group.pane = { timing, index: before === undefined ? 0 : before.index + 1, flags };
    const place = `at ${this.#timestamp(group)} in ${window} ${timing}#${group.pane.index}${flags}`;
    const say = (kind: string, emitted: Emitted): void => {
      const values = emitted.values.toSorted((a, b) => a - b).join();
      this.outputs.push(`${kind} ${key}: ${values} ${emitted.place}`);
    };
    const next = { values: [...group.values], place };
    if (accumulationMode === "RETRACTING") {
      for (const emitted of group.emitted) say("UPDATE_BEFORE", emitted);
      say(group.emitted.length > 0 ? "UPDATE_AFTER" : "INSERT", next);
      group.emitted = [next];
    } else say("INSERT", next);
    if (accumulationMode === "DISCARDING") group.values = [];
    group.fresh = 0;
    group.times = [];
  }
}

/** Of the triggers that programs have for windows that merge: what counts goes on counting, what was late may be on time again. */
function mergedTrigger(trigger: Trigger, merged: readonly OracleTrigger[], ended: boolean): OracleTrigger {
  const fresh = oracleTrigger(trigger);
  const moment = { now: 0, ended };
  if (ended && merged.some(({ wasOnTime }) => wasOnTime)) fresh.fire(moment);
  for (const { seen = 0 } of merged) for (let i = 0; i < seen; i++) fresh.element(moment);
  return fresh;
}

/** What a DoFn gathers by key and window. */
class Gathering {
  readonly outputs: string[] = [];
  #cells: { key: string; window: BoundedWindow; values: number[]; timer: number | undefined }[] = [];
  #watermark = Number.NEGATIVE_INFINITY;

  constructor(
    readonly program: StreamProgram,
    readonly delay: number,
  ) {}

  time(): void {}

  #expires({ maxTimestamp }: BoundedWindow): number {
    return Math.min(MAX_TIMESTAMP, maxTimestamp + this.program.allowedLateness);
  }

  element({ key, value, timestamp }: StreamElement): void {
    const window =
      this.program.windowFn.kind === "global" ? GLOBAL_WINDOW : windowsAt(this.program.windowFn, timestamp)[0]!;
    if (this.#expires(window) < this.#watermark) return;
    let cell = this.#cells.find((it) => it.key === key && String(it.window) === String(window));
    if (cell === undefined) {
      cell = { key, window, values: [], timer: undefined };
      this.#cells.push(cell);
    }
    cell.values.push(value);
    if (value % 2 === 0) cell.timer = Math.min(timestamp + this.delay, window.maxTimestamp);
    this.#fireDue();
  }

  watermark(to: number): void {
    this.#watermark = to;
    this.#fireDue();
    for (const { key, window, values } of this.#cells) {
      if (!this.#isPast(this.#expires(window)) || values.length === 0) continue;
      this.outputs.push(`rest of ${key}: ${values.join()} at ${window.maxTimestamp} in ${window}`);
    }
    this.#cells = this.#cells.filter(({ window }) => !this.#isPast(this.#expires(window)));
  }

  #isPast(instant: number): boolean {
    return instant < this.#watermark || this.#watermark === MAX_TIMESTAMP;
  }

  #fireDue(): void {
    for (const cell of this.#cells) {
      const { timer, key, window, values } = cell;
      if (timer === undefined || !this.#isPast(timer)) continue;
      this.outputs.push(`timer ${key}: ${values.join()} at ${timer} in ${window}`);
      cell.timer = undefined;
      cell.values = [];
    }
  }
}

/** What a function holds of its timers. */
import { GirderError } from "../../../portability/errors.js";
import { type Duration, type Instant, plus } from "../../../portability/execution/time.js";
import type { TimeDomain } from "../../../portability/execution/timer.js";
import type { EventTimer, ProcessingTimer, TimerFamily, TimerOptions } from "../../state/timers.js";
import type { Cursor } from "../cursor.js";
import { checkedTimestamp } from "../inline-calls.js";
import { noKeyInHand } from "./state-kinds.js";

/** A declared timer, as the stage knows it. */
export interface BoundTimer {
  readonly transform: string;
  /** Its name in the context. */
  readonly name: string;
  readonly domain: TimeDomain;
  readonly isFamily: boolean;
  /** Index of the stage's timer families. */
  readonly family: number;
  /** How long after a window's end (ms) its timers may fire. */
  readonly allowedLateness: Duration;
}

/** What the author's function is given for a timer. */
export function timerFacade(timer: BoundTimer, cursor: Cursor): object {
  if (!timer.isFamily) return timerOf(timer, cursor, "");
  const known = new Map<string, EventTimer | ProcessingTimer>();
  const family: TimerFamily<EventTimer | ProcessingTimer> = {
    get(tag) {
      let made = known.get(tag);
      if (made === undefined) {
        if (typeof tag !== "string" || tag === "") {
          throw new GirderError("invalid-argument", `The tag of a timer is ${JSON.stringify(tag)}.`, {
            where: timer.transform,
            remedy: "Give a word that tells it from the other timers of its family.",
          });
        }
        made = timerOf(timer, cursor, tag);
        if (known.size >= KNOWN_TAGS) known.clear();
        known.set(tag, made);
      }
      return made;
    },
  };
  return family;
}

/** Tags that a family remembers before it starts afresh. */
const KNOWN_TAGS = 1024;

function timerOf(timer: BoundTimer, cursor: Cursor, tag: string): EventTimer | ProcessingTimer {
  const set = (at: Instant, options: TimerOptions = {}): void => setTimer(timer, cursor, tag, at, options);
  const clear = (): void => {
    const cells = inHand(timer, cursor);
    const { key, window } = cells;
    cells.changeTimer({ family: timer.family, key, tag, window }, undefined);
  };
  if (timer.domain === "event-time") return { set, clear };
  const setAfter = (delay: Duration, options?: TimerOptions): void => {
    if (!(delay >= 0)) {
      throw new GirderError("invalid-argument", `The timer "${timer.name}" is to fire after ${delay} ms.`, {
        where: timer.transform,
        remedy: "Give a number of milliseconds, such as seconds(5).",
      });
    }
    set(plus(Date.now(), Math.ceil(delay)), options);
  };
  return { set, setAfter, clear };
}

function inHand({ transform }: BoundTimer, { keyed }: Cursor): NonNullable<Cursor["keyed"]> {
  if (keyed === undefined) throw noKeyInHand(transform);
  return keyed;
}

function setTimer(timer: BoundTimer, cursor: Cursor, tag: string, at: Instant, options: TimerOptions): void {
  const { transform, family, domain } = timer;
  const cells = inHand(timer, cursor);
  const { key, window } = cells;
  const fire = checkedTimestamp(at, transform);
  const expiry = plus(window.maxTimestamp, timer.allowedLateness);
  if (domain === "event-time" && fire > expiry) {
    throw refused(timer, `is to fire at ${fire}, when its window ${String(window.value)} has expired`, [
      `Set it to fire at ${expiry} at the latest, the window's end and the allowed lateness,`,
      "or use onWindowExpiration.",
    ]);
  }
  const { outputTimestamp } = options;
  let hold = domain === "event-time" ? fire : cursor.timestamp;
  if (outputTimestamp !== undefined) {
    hold = checkedTimestamp(outputTimestamp, transform);
    if (hold < cursor.timestamp) {
      throw refused(timer, `is to output at ${hold}, before ${cursor.timestamp}, where its element or timer stands`, [
        "Output at that timestamp or later: the watermark may be there already.",
      ]);
    }
    if (hold > (domain === "event-time" ? fire : expiry)) {
      const end = domain === "event-time" ? `it fires at ${fire}` : `its window expires at ${expiry}`;
      throw refused(timer, `is to output at ${hold}, but ${end}`, ["Output at that instant or before."]);
    }
  }
  const address = { family, key, tag, window };
  cells.changeTimer(address, { family, key, tag, window, fire, hold, pane: cursor.pane });
}

function refused({ transform, name }: BoundTimer, what: string, remedy: readonly string[]): GirderError {
  return new GirderError("invalid-argument", `The timer "${name}" ${what}.`, {
    where: transform,
    remedy: remedy.join(" "),
  });
}

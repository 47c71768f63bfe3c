/** Triggers a second time, as objects that ask each other: what the engine's are held against. */
import type { Trigger } from "girder";

/** When a trigger is asked. */
export interface Moment {
  /** Processing time, ms. */
  readonly now: number;
  /** Whether the watermark has passed the end of the window. */
  readonly ended: boolean;
}

/** A trigger of one key's window, from its beginning to its end. */
export interface OracleTrigger {
  readonly finished: boolean;
  element(moment: Moment): void;
  ready(moment: Moment): boolean;
  /** It was ready, and a pane has been emitted. */
  fire(moment: Moment): void;
  /** Whether something that it waits for comes between two instants of processing time. */
  wakes(after: number, until: number): boolean;
  /** What matters where windows merge: elements that it has counted towards the next pane, and whether it has been on time. */
  readonly seen?: number;
  readonly wasOnTime?: boolean;
}

export function oracleTrigger(trigger: Trigger): OracleTrigger {
  switch (trigger.kind) {
    case "default":
      return new Simple(({ ended }) => ended);
    case "always":
      return new Simple(() => true);
    case "never":
      return new Simple(() => false);
    case "count":
      return new Count(trigger.count);
    case "processing-time":
      return new Delay(trigger.transforms.reduce((sum, it) => sum + (it.kind === "delay" ? it.delay : 0), 0));
    case "watermark":
      return new AroundEnd(trigger.early, trigger.late);
    case "repeatedly":
      return new Repeated(trigger.part);
    case "each":
      return new InTurn(trigger.parts);
    case "all":
    case "any":
      return new Together(trigger.parts.map(oracleTrigger), trigger.kind);
    case "or-finally":
      return new Until(oracleTrigger(trigger.main), oracleTrigger(trigger.until));
    default:
      throw new Error(`the oracle knows no trigger ${trigger.kind}`);
  }
}

/** Never finishes, and depends on the moment alone. */
class Simple implements OracleTrigger {
  readonly finished = false;
  constructor(readonly ready: (moment: Moment) => boolean) {}
  element(): void {}
  fire(): void {}
  wakes(): boolean {
    return false;
  }
}

class Count implements OracleTrigger {
  finished = false;
  seen = 0;
  constructor(readonly wanted: number) {}
  element(): void {
    this.seen++;
  }
  ready(): boolean {
    return this.seen >= this.wanted;
  }
  wakes(): boolean {
    return false;
  }
  fire(): void {
    this.finished = true;
  }
}

class Delay implements OracleTrigger {
  finished = false;
  #at = Number.POSITIVE_INFINITY;
  constructor(readonly delay: number) {}
  element({ now }: Moment): void {
    if (this.#at === Number.POSITIVE_INFINITY) this.#at = now + this.delay;
  }
  ready({ now }: Moment): boolean {
    return this.#at <= now;
  }
  wakes(after: number, until: number): boolean {
    return !this.finished && after < this.#at && this.#at <= until;
  }
  fire(): void {
    this.finished = true;
  }
}

class Repeated implements OracleTrigger {
  readonly finished = false;
  #part: OracleTrigger;
  constructor(readonly of: Trigger) {
    this.#part = oracleTrigger(of);
  }
  get seen(): number {
    return this.#part.seen ?? 0;
  }
  element(moment: Moment): void {
    this.#part.element(moment);
  }
  ready(moment: Moment): boolean {
    return this.#part.ready(moment);
  }
  wakes(after: number, until: number): boolean {
    return this.#part.wakes(after, until);
  }
  fire(moment: Moment): void {
    this.#part.fire(moment);
    if (this.#part.finished) this.#part = oracleTrigger(this.of);
  }
}

/** Before the window's end, at it, and after it. */
class AroundEnd implements OracleTrigger {
  finished = false;
  wasOnTime = false;
  #part: OracleTrigger;
  constructor(
    early: Trigger | undefined,
    readonly late: Trigger | undefined,
  ) {
    this.#part = early === undefined ? new Simple(() => false) : new Repeated(early);
  }
  element(moment: Moment): void {
    this.#part.element(moment);
  }
  ready(moment: Moment): boolean {
    return this.#part.ready(moment) || (!this.wasOnTime && moment.ended);
  }
  wakes(after: number, until: number): boolean {
    return this.#part.wakes(after, until);
  }
  fire(moment: Moment): void {
    if (this.wasOnTime || !moment.ended) this.#part.fire(moment);
    else {
      this.wasOnTime = true;
      if (this.late === undefined) this.finished = true;
      else this.#part = new Repeated(this.late);
    }
  }
}

class InTurn implements OracleTrigger {
  readonly #parts: OracleTrigger[];
  constructor(parts: readonly Trigger[]) {
    this.#parts = parts.map(oracleTrigger);
  }
  get finished(): boolean {
    return this.#parts.every(({ finished }) => finished);
  }
  get #current(): OracleTrigger | undefined {
    return this.#parts.find(({ finished }) => !finished);
  }
  element(moment: Moment): void {
    this.#current?.element(moment);
  }
  ready(moment: Moment): boolean {
    return this.#current?.ready(moment) ?? false;
  }
  wakes(after: number, until: number): boolean {
    return this.#current?.wakes(after, until) ?? false;
  }
  fire(moment: Moment): void {
    this.#current?.fire(moment);
  }
}

class Together implements OracleTrigger {
  constructor(
    readonly parts: readonly OracleTrigger[],
    readonly kind: "all" | "any",
  ) {}
  get finished(): boolean {
    return this.kind === "all"
      ? this.parts.every(({ finished }) => finished)
      : this.parts.some(({ finished }) => finished);
  }
  element(moment: Moment): void {
    for (const part of this.parts) part.element(moment);
  }
  wakes(after: number, until: number): boolean {
    return this.parts.some((part) => part.wakes(after, until));
  }
  ready(moment: Moment): boolean {
    const is = (part: OracleTrigger): boolean => !part.finished && part.ready(moment);
    return this.kind === "all" ? this.parts.every((part) => part.finished || is(part)) : this.parts.some(is);
  }
  fire(moment: Moment): void {
    for (const part of this.parts) if (!part.finished && part.ready(moment)) part.fire(moment);
  }
}

class Until implements OracleTrigger {
  finished = false;
  constructor(
    readonly main: OracleTrigger,
    readonly until: OracleTrigger,
  ) {}
  element(moment: Moment): void {
    this.main.element(moment);
    this.until.element(moment);
  }
  ready(moment: Moment): boolean {
    return this.main.ready(moment) || this.until.ready(moment);
  }
  wakes(after: number, until: number): boolean {
    return this.main.wakes(after, until) || this.until.wakes(after, until);
  }
  fire(moment: Moment): void {
    if (this.until.ready(moment)) this.finished = true;
    else {
      this.main.fire(moment);
      this.finished = this.main.finished;
    }
  }
}

/** Timers as runner and worker exchange them. */
import type { KeyIdentity } from "./key-identity.js";
import type { PaneInfo } from "./pane.js";
import type { Instant } from "./time.js";
import type { InternedWindow } from "./window.js";

/** Which clock a timer goes by: the input watermark, or processing time. */
export type TimeDomain = "event-time" | "processing-time";

/** A family of timers that a DoFn declares. */
export interface TimerFamily {
  readonly transform: string;
  /** The family's id in the DoFn's payload. */
  readonly id: string;
  readonly domain: TimeDomain;
  /** Whether its timers are the runner's: one for each key and window, when the window has expired. */
  readonly onWindowExpiration: boolean;
}

/** What tells timers of a stage apart: setting one again replaces it. */
export interface TimerAddress {
  /** Index of the stage's timer families. */
  readonly family: number;
  readonly key: KeyIdentity;
  readonly tag: string;
  readonly window: InternedWindow;
}

/** A timer that is set, or fires. */
export interface Timer extends TimerAddress {
  /** When it fires, in ms of its domain. */
  readonly fire: Instant;
  /** The timestamp of what it outputs: it holds the watermark until it fires. */
  readonly hold: Instant;
  readonly pane: PaneInfo;
}

/** What a bundle did to a timer: set it, or, without `timer`, cleared it. */
export interface TimerChange {
  readonly address: TimerAddress;
  readonly timer: Timer | undefined;
}

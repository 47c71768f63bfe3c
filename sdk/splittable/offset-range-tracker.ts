/** Ranges of whole numbers as restrictions. */
import { GirderError } from "../../portability/errors.js";
import type { RestrictionProgress, RestrictionTracker, SplitRestriction } from "./restriction-tracker.js";

/** The whole numbers from `from` (inclusive) to `to` (exclusive, `Infinity` for no end): bytes of a file, rows of a table. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** Tells a tracker how many more positions it may hand out before it has to ask again; 0 ends the call here. */
export type Allowance = () => number;

/**
 * Claims positions of an {@link OffsetRange}.
 *
 * Positions ascend, and may be skipped: a reader of lines claims where each line begins. Work is complete when the last
 * position of the range was claimed, or one beyond it was tried: a reader that meets the end of its file before the end of
 * its range tries `Infinity`.
 */
export class OffsetRangeTracker implements RestrictionTracker<OffsetRange, number> {
  readonly #from: number;
  /** Positions from here on are not this tracker's. */
  #end: number;
  /** The last position that was claimed, or tried in vain. */
  #attempted: number;
  /** Claims left until the allowance is asked again. */
  #left = 0;
  #leftOver: OffsetRange | undefined;

  /** @param allowance Default: no limit. */
  constructor(
    range: OffsetRange,
    readonly allowance: Allowance = () => Number.POSITIVE_INFINITY,
  ) {
    this.#from = range.from;
    this.#end = range.to;
    this.#attempted = range.from - 1;
  }

  /** Claims `position` and all before it that have not been claimed. */
  tryClaim(position: number, elements = 1): boolean {
    // Written so that NaN does not pass.
    if (!(position > this.#attempted)) throw this.#backwards(position);
    if (position >= this.#end) {
      this.#attempted = position;
      return false;
    }
    if (this.#left <= 0 && elements > 0 && !this.#mayGoOn()) return false;
    this.#left -= elements;
    this.#attempted = position;
    return true;
  }

  get claimable(): number {
    return Math.max(1, this.#left);
  }

  #backwards(position: number): GirderError {
    const first = this.#attempted < this.#from;
    const what = first
      ? `Position ${position} was claimed, which is before the range from ${this.#from} to ${this.#end}`
      : `Position ${position} was claimed after ${this.#attempted}`;
    return new GirderError("user-exception", `${what}.`, {
      remedy: "Claim each position once, in ascending order, and return when a claim is refused.",
    });
  }

  /** Asks whether the call goes on; if it does not, leaves the rest. */
  #mayGoOn(): boolean {
    this.#left = this.allowance();
    if (this.#left > 0) return true;
    this.#leftOver = this.trySplit(0)?.residual;
    return this.#leftOver === undefined;
  }

  currentRestriction(): OffsetRange {
    return { from: this.#from, to: this.#end };
  }

  trySplit(fractionOfRemainder: number): SplitRestriction<OffsetRange> | undefined {
    const next = this.#attempted + 1;
    // What has no end cannot be divided by a share; but it can be left as it is.
    const kept = fractionOfRemainder <= 0 ? 0 : Math.ceil((this.#end - next) * Math.min(1, fractionOfRemainder));
    const at = next + kept;
    if (!(at < this.#end)) return undefined;
    const residual = { from: at, to: this.#end };
    this.#end = at;
    return { primary: this.currentRestriction(), residual };
  }

  progress(): RestrictionProgress {
    const next = Math.min(this.#attempted + 1, this.#end);
    return { completed: next - this.#from, remaining: this.#end - next };
  }

  checkDone(): void {
    if (this.#attempted + 1 >= this.#end || this.#from >= this.#end) return;
    const claimed = this.#attempted < this.#from ? "nothing was claimed" : `it was claimed up to ${this.#attempted}`;
    throw new GirderError(
      "user-exception",
      `process returned before its range from ${this.#from} to ${this.#end} was done: ${claimed}.`,
      {
        remedy:
          "Claim until a claim is refused, try to claim Infinity where the work ends early, or return resume() to go on later.",
      },
    );
  }

  isBounded(): boolean {
    return this.#end !== Number.POSITIVE_INFINITY;
  }

  /** What another call has to do, where the allowance ended this one. */
  get leftOver(): OffsetRange | undefined {
    return this.#leftOver;
  }
}

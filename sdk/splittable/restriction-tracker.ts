/** Restrictions: which part of an element's work a bundle does. */
import type { Duration } from "../../portability/execution/time.js";

/** What a splittable DoFn asks before it does a piece of work. */
export interface RestrictionTracker<P> {
  /**
   * Claims the work at a position. False: it is not, or no longer, this bundle's; process must return at once, without
   * having done any of it. Positions are claimed in ascending order.
   */
  tryClaim(position: P): boolean;
}

/** The whole numbers from `from` (inclusive) to `to` (exclusive): bytes of a file, rows of a table. */
export interface OffsetRange {
  readonly from: number;
  readonly to: number;
}

/** Tells a tracker how many more positions it may hand out before it has to ask again; 0 ends the bundle here. */
export type Allowance = () => number;

/**
 * Claims positions of an {@link OffsetRange}.
 *
 * The bundle may end before the range does: then what has not been claimed is left to another bundle, see
 * {@link residual}. Positions may be skipped: a reader of lines claims where each line begins.
 */
export class OffsetRangeTracker implements RestrictionTracker<number> {
  #last = -1;
  /** Positions from here on cannot be claimed. */
  #end: number;
  /** Claims left until the allowance is asked again. */
  #left = 0;
  #rest: OffsetRange | undefined;
  #delay: Duration = 0;

  constructor(
    readonly range: OffsetRange,
    readonly allowance: Allowance = () => Number.MAX_SAFE_INTEGER,
  ) {
    this.#end = range.to;
  }

  /**
   * Claims `position` and all before it that have not been claimed.
   *
   * @param elements About how many elements the claim is good for, so that the bundle can look at the clock in time.
   * Default 1. A reader that claims lines by the hundred says so here.
   */
  tryClaim(position: number, elements = 1): boolean {
    if (position >= this.#end || (this.#left <= 0 && !this.#mayGoOn())) return false;
    this.#left -= elements;
    this.#last = position;
    return true;
  }

  /** Asks whether the bundle goes on; if it does not, leaves the rest. */
  #mayGoOn(): boolean {
    this.#left = this.allowance();
    if (this.#left <= 0) this.defer();
    return this.#rest === undefined;
  }

  /**
   * Leaves what has not been claimed to another bundle: for work that cannot be done yet, or should not be done all at once.
   *
   * @param delay how long to leave it alone, in ms.
   */
  defer(delay: Duration = 0): void {
    if (this.#rest !== undefined) return;
    this.#rest = { from: this.#last === -1 ? this.range.from : this.#last + 1, to: this.range.to };
    this.#delay = delay;
    // Nothing more can be claimed.
    this.#end = this.#rest.from;
  }

  /** How long to leave the {@link residual} alone, in ms. */
  get delay(): Duration {
    return this.#delay;
  }

  /** The last position claimed, −1 before the first. */
  get lastClaimed(): number {
    return this.#last;
  }

  /** What another bundle has to do, if this one came to its end first. */
  get residual(): OffsetRange | undefined {
    return this.#rest;
  }
}

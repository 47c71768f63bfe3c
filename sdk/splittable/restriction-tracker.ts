/** Restrictions: which part of an element's work a call of `process` does, and what is left of it when it is divided. */

/** How much work is done and how much is left, in any unit that is the same for both. */
export interface RestrictionProgress {
  readonly completed: number;
  readonly remaining: number;
}

/** A restriction in two parts that have nothing in common and are complete together. */
export interface SplitRestriction<R> {
  /** What the tracker that was split still has to do. */
  readonly primary: R;
  /** What another call does. */
  readonly residual: R;
}

/**
 * Knows how far the work on a restriction `R` has come, by claims of positions `P`, and where it can be divided.
 *
 * `process` is given one and asks it before it does a piece of work. Authors write their own for restrictions that are
 * no {@link OffsetRange}; runners divide the work by {@link trySplit}, even while `process` waits for something.
 */
export interface RestrictionTracker<R, P> {
  /**
   * Claims the work at a position. False: it is not, or no longer, this call's; process must return without having done any
   * of it.
   *
   * @param elements About how many elements the claim is good for, so that the bundle can look at the clock in time.
   * Default 1. Who claims by the hundred says so here. A claim of 0 is no work, such as one that says that there is no more: it
   * is not refused because the bundle is at its end. An author's own tracker need not take this.
   * @throws GirderError `user-exception` for a position that was claimed already, or comes before one that was.
   */
  tryClaim(position: P, elements?: number): boolean;
  /**
   * How many elements (1 or more) a claim may well be good for: before the last of them is due, the bundle does not look at
   * the clock. Trackers that `process` is given have it; an author's own need not.
   */
  readonly claimable?: number;
  /** The restriction, less what was split off. */
  currentRestriction(): R;
  /**
   * Divides what has not been claimed. Afterwards the tracker's restriction is the primary: claims beyond it are refused.
   *
   * @param fractionOfRemainder Share (0 to 1) of what is not yet claimed that the primary keeps. 0 leaves it what was claimed
   * and nothing else: that is how a bundle ends before its work does.
   * @returns undefined if there is nothing to divide, or it cannot be divided there.
   */
  trySplit(fractionOfRemainder: number): SplitRestriction<R> | undefined;
  /** How far the work has come. Default: nobody knows. */
  progress?(): RestrictionProgress;
  /** @throws if there is work left that was not claimed: `process` has returned too early. */
  checkDone(): void;
  /** Whether the restriction comes to an end. Default: as the DoFn says of itself. */
  isBounded?(): boolean;
}

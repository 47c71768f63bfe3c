/** Trackers that authors write, under the harness's control. */
import type { Allowance } from "./offset-range-tracker.js";
import type { RestrictionProgress, RestrictionTracker, SplitRestriction } from "./restriction-tracker.js";

/** A tracker that ends a call of `process` when its time is over. */
export interface GuardedTracker<R, P> extends RestrictionTracker<R, P> {
  isBounded(): boolean;
  progress(): RestrictionProgress;
  /** What another call has to do, where the allowance ended this one. */
  readonly leftOver: R | undefined;
}

/**
 * Stands between `process` and a tracker of the author's: asks for the allowance before claims are passed on, and splits the
 * tracker when it is used up. A tracker that cannot be split there goes on.
 */
export class ClaimGuard<R, P> implements GuardedTracker<R, P> {
  /** Claims left until the allowance is asked again. */
  #left = 0;
  #leftOver: { readonly residual: R } | undefined;

  constructor(
    readonly inner: RestrictionTracker<R, P>,
    readonly allowance: Allowance,
    /** What is said of restrictions whose tracker says nothing. */
    readonly bounded: boolean,
  ) {}

  tryClaim(position: P, elements = 1): boolean {
    if (this.#left <= 0 && elements > 0 && !this.#mayGoOn()) return false;
    this.#left -= elements;
    return this.inner.tryClaim(position, elements);
  }

  get claimable(): number {
    return Math.max(1, this.#left);
  }

  #mayGoOn(): boolean {
    if (this.#leftOver !== undefined) return false;
    this.#left = this.allowance();
    if (this.#left > 0) return true;
    this.#leftOver = this.inner.trySplit(0);
    return this.#leftOver === undefined;
  }

  currentRestriction(): R {
    return this.inner.currentRestriction();
  }

  trySplit(fractionOfRemainder: number): SplitRestriction<R> | undefined {
    return this.inner.trySplit(fractionOfRemainder);
  }

  /** Where the tracker does not know, nothing is done before all is. */
  progress(): RestrictionProgress {
    return this.inner.progress?.() ?? { completed: 0, remaining: 1 };
  }

  checkDone(): void {
    this.inner.checkDone();
  }

  isBounded(): boolean {
    return this.inner.isBounded?.() ?? this.bounded;
  }

  get leftOver(): R | undefined {
    return this.#leftOver?.residual;
  }
}

/** Ms that the work of one claim should take: a bundle of 20 ms looks at the clock at least so often. */
const WORK_PER_CLAIM = 2;
/** Claimed at a time as long as nothing is known. */
const FIRST_CLAIM = 64;

/**
 * How many elements to claim at a time. Claiming one by one costs more than reading does; claiming thousands would hold
 * the thread where what follows is slow. So the pace follows what the last claims took, including the steps fused behind
 * the source.
 */
export class ClaimPace {
  #elements = FIRST_CLAIM;
  #begun = 0;

  /** Elements to claim next. */
  get elements(): number {
    return this.#elements;
  }

  /** Notes that the work of a claim begins. */
  begin(): void {
    this.#begun = performance.now();
  }

  /** Notes that the work of a claim for `count` elements is done. */
  end(count: number): void {
    const took = performance.now() - this.#begun;
    const fitting = Math.floor((count * WORK_PER_CLAIM) / Math.max(took, 0.001));
    // Growth is gradual: one fast claim, by chance, should not be followed by a very long one.
    this.#elements = Math.max(1, Math.min(fitting, this.#elements * 4));
  }
}

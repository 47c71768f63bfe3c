/** Bundles that take long: tells of them, and has them share their work. */
import type { BundleSplit, PreparedStage } from "../../portability/execution/stage.js";
import type { EngineEvent } from "../engine/events.js";

/**
 * Ms after which others do not wait for a bundle any more. Most last less, the first of a worker that still loads its code too, and to
 * divide those would cost more than it saves.
 */
const SLOW = 1000;
/** Ms between two attempts to divide a bundle, at first and at last: an element that takes long may be all that is left of it. */
const AGAIN = { first: 200, last: 5000 };

/** A bundle that may turn out to be slow. */
interface Watched {
  readonly stage: PreparedStage;
  /** Until it is looked at. */
  examination: NodeJS.Timeout;
  /** Until it is asked again to leave some of its work. */
  attempt?: NodeJS.Timeout;
  /** The split that has been asked for, if it has not been answered. */
  asked: Promise<void> | undefined;
}

export class Stragglers {
  readonly #watched = new Map<number, Watched>();

  /**
   * @param happened Is told that a bundle is slow, and that it has left work to others.
   * @param slow Ms after which a bundle is slow.
   */
  constructor(
    readonly happened: (event: EngineEvent) => void,
    readonly slow = SLOW,
  ) {}

  /** Watches a bundle that has begun. */
  began(bundle: number, stage: PreparedStage): void {
    const examination = setTimeout(() => void this.#examine(bundle, this.slow), this.slow);
    this.#watched.set(bundle, { stage, examination, asked: undefined });
  }

  /** Tells that a bundle is slow; while it computes, it is looked at again, whether it waits by now. */
  async #examine(bundle: number, wait: number, isKnown = false): Promise<void> {
    const { stage } = this.#watched.get(bundle)!;
    const waits = stage.waits !== undefined && (await stage.waits(bundle));
    const watched = this.#watched.get(bundle);
    if (watched === undefined) return;
    if (waits || !isKnown) this.happened({ type: "slow", bundle, waits });
    if (waits || stage.waits === undefined) return;
    const again = Math.min(wait * 2, AGAIN.last);
    watched.examination = setTimeout(() => void this.#examine(bundle, again, true), wait);
  }

  /** Has a bundle leave some of its work, sooner or later; not if it comes to its end before that. */
  share(bundle: number, wait = AGAIN.first): void {
    const watched = this.#watched.get(bundle);
    if (watched === undefined) return;
    const answered = (split: BundleSplit | undefined): void => {
      watched.asked = undefined;
      if (split !== undefined) this.happened({ type: "split", bundle, split });
      else watched.attempt = setTimeout(() => this.share(bundle, Math.min(wait * 2, AGAIN.last)), wait);
    };
    watched.asked = watched.stage.split!(bundle).then(answered, () => answered(undefined));
  }

  /** A bundle has come to its end. Settles when what it has left before that is known. */
  async ended(bundle: number): Promise<void> {
    const watched = this.#watched.get(bundle);
    this.#watched.delete(bundle);
    clearTimeout(watched?.examination);
    clearTimeout(watched?.attempt);
    await watched?.asked;
    clearTimeout(watched?.attempt);
  }

  /** Forgets all bundles. */
  clear(): void {
    for (const { examination, attempt } of this.#watched.values()) {
      clearTimeout(examination);
      clearTimeout(attempt);
    }
    this.#watched.clear();
  }
}

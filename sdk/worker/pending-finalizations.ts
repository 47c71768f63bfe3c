/** What functions have asked to be told of, of bundles that the runner has not committed yet. */
import { Finalization } from "../harness/finalization.js";

type Callbacks = readonly (() => void | PromiseLike<void>)[];

/** Bundles that are waited for: a runner that never says that it has committed one does not fill the memory. */
const MOST = 10_000;

export class PendingFinalizations {
  readonly #pending = new Map<string, Callbacks>();
  readonly #finalization = new Finalization();

  keep(instruction: string, callbacks: Callbacks): void {
    this.#pending.set(instruction, callbacks);
    for (const [oldest] of this.#pending) {
      if (this.#pending.size <= MOST) break;
      this.#pending.delete(oldest);
    }
  }

  /** The runner has committed a bundle. */
  call(instruction: string): void {
    const callbacks = this.#pending.get(instruction);
    this.#pending.delete(instruction);
    if (callbacks !== undefined) this.#finalization.call(callbacks);
  }

  /** Resolves when all that was called has come to its end. */
  settled(): Promise<void> {
    return this.#finalization.settled();
  }
}

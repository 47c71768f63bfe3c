/** What functions want to be done once the runner has committed their bundles. */
import { Finalization } from "../harness/finalization.js";

type Finalizer = () => void | PromiseLike<void>;

/** Bundles that are remembered: a runner need not tell of each of them. */
const REMEMBERED = 10_000;

export class Finalizers {
  readonly #waiting = new Map<string, readonly Finalizer[]>();
  readonly #finalization = new Finalization();

  /** Keeps what is to be done for a bundle, by its instruction. */
  add(instruction: string, finalizers: readonly Finalizer[]): void {
    this.#waiting.set(instruction, finalizers);
    if (this.#waiting.size <= REMEMBERED) return;
    for (const oldest of this.#waiting.keys()) {
      this.#waiting.delete(oldest);
      break;
    }
  }

  /** The runner has committed a bundle. */
  finalize(instruction: string): void {
    const finalizers = this.#waiting.get(instruction) ?? [];
    this.#waiting.delete(instruction);
    this.#finalization.call(finalizers);
  }

  /** Resolves when all that was begun has come to its end. */
  settled(): Promise<void> {
    return this.#finalization.settled();
  }
}

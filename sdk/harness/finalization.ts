/** Tells functions that their bundles have been committed. */
import { messageOf } from "../../portability/errors.js";

export class Finalization {
  /** Callbacks that have not come to their end. */
  readonly #pending = new Set<Promise<void>>();

  /** Calls what was registered. What goes wrong cannot undo the bundle: it is reported as a warning of the process. */
  call(callbacks: readonly (() => void | Promise<void>)[]): void {
    for (const callback of callbacks) {
      try {
        const result = callback();
        if (!(result instanceof Promise)) continue;
        const pending: Promise<void> = result.catch(warn).finally(() => this.#pending.delete(pending));
        this.#pending.add(pending);
      } catch (thrown) {
        warn(thrown);
      }
    }
  }

  /** Resolves when all that was called has come to its end. */
  async settled(): Promise<void> {
    await Promise.all(this.#pending);
  }
}

function warn(thrown: unknown): void {
  process.emitWarning(`A callback after the commit of a bundle failed: ${messageOf(thrown)}`, "GirderWarning");
}

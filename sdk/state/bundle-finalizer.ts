/** Being told that a bundle has been committed: the time to acknowledge messages, say, that its elements came of. */
import { ContextParam } from "../pipeline/context.js";

/** See {@link bundleFinalizer}. */
export interface BundleFinalizer {
  /**
   * Has `callback` called once the bundle in hand is committed. It is not called for a bundle that is not, and may not be called
   * at all if the runner stops in between; what goes wrong in it cannot undo the bundle, and is only reported.
   */
  afterCommit(callback: () => void | Promise<void>): void;
}

/** See {@link bundleFinalizer}. */
export class FinalizerParam extends ContextParam<BundleFinalizer> {}

/** Lets a function be told that its bundle has been committed. */
export function bundleFinalizer(): ContextParam<BundleFinalizer> {
  return new FinalizerParam();
}

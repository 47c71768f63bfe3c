/** Whether the work on a restriction goes on after `process` has returned. */
import { GirderError } from "../../portability/errors.js";
import type { Duration } from "../../portability/execution/time.js";

/** What `process` of a splittable DoFn returns: see {@link resume} and {@link stop}. */
export class ProcessContinuation {
  constructor(
    readonly resumes: boolean,
    /** How long to leave the rest alone, in ms. */
    readonly delay: Duration,
  ) {}
}

const STOP = new ProcessContinuation(false, 0);

/**
 * What has not been claimed is to be gone on with later: there is nothing more to be had now, or it should not be done
 * all at once.
 *
 * @param options `delay`: how long to leave it alone, in ms. Default 0: when its turn comes.
 * @throws GirderError `invalid-argument` for a delay that is none.
 */
export function resume(options: { readonly delay?: Duration } = {}): ProcessContinuation {
  const { delay = 0 } = options;
  if (!(delay >= 0)) {
    throw new GirderError("invalid-argument", `Work cannot be resumed after ${delay} ms.`, {
      remedy: "Give a delay of 0 ms or more.",
    });
  }
  return new ProcessContinuation(true, Math.min(delay, Number.MAX_SAFE_INTEGER));
}

/** The work on the restriction is done, or was divided. It is what returning nothing means. */
export function stop(): ProcessContinuation {
  return STOP;
}

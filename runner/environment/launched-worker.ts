/** What the workers of all launchers have in common. */
import { GirderError } from "../../portability/errors.js";
import type { LaunchedWorker } from "./launcher.js";

/**
 * @param end ends the worker; called once, at most. It must not reject.
 * @param ended settles with the reason when the worker has ended, whether by itself or not. Default: nobody knows.
 * @param signal stops the worker when it aborts.
 */
export function launchedWorker(signal: AbortSignal, end: () => Promise<void>, ended?: Promise<string>): LaunchedWorker {
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    signal.removeEventListener("abort", abort);
    stopped ??= end();
    return stopped;
  };
  const abort = (): void => {
    void stop();
  };
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  const exited = new Promise<string>((resolve) => {
    void ended?.then((reason) => {
      if (stopped === undefined) resolve(reason);
      signal.removeEventListener("abort", abort);
    });
  });
  return { exited, stop };
}

/** @throws GirderError `cancelled` if the signal is aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new GirderError("cancelled", "The launch of a worker was cancelled.");
}

/** Which elements of a batch may be processed now. */
import { type Batch, entry, forEachWindow } from "../../portability/execution/batch.js";
import type { InternedWindow } from "../../portability/execution/window.js";

/** A batch in two: what may be processed, and what must wait; undefined where there is nothing of it. */
export interface Readiness {
  readonly ready: Batch | undefined;
  readonly waiting: Batch | undefined;
}

/** Divides a batch: an element is ready when each of its windows is. `windowReady` is asked once a window. */
export function splitByReadiness(batch: Batch, windowReady: (window: InternedWindow) => boolean): Readiness {
  const known = new Map<InternedWindow, boolean>();
  const isReady = (i: number): boolean => {
    let ready = true;
    forEachWindow(entry(batch.windows, i), (window) => {
      if (!known.has(window)) known.set(window, windowReady(window));
      ready = ready && known.get(window)!;
    });
    return ready;
  };
  if ("all" in batch.windows) {
    return isReady(0) ? { ready: batch, waiting: undefined } : { ready: undefined, waiting: batch };
  }
  const ready: number[] = [];
  const waiting: number[] = [];
  for (let i = 0; i < batch.count; i++) (isReady(i) ? ready : waiting).push(i);
  if (waiting.length === 0) return { ready: batch, waiting: undefined };
  if (ready.length === 0) return { ready: undefined, waiting: batch };
  return { ready: batch.select(ready), waiting: batch.select(waiting) };
}

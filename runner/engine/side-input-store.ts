/** What a side input has received so far, window by window. */
import { type Batch, forEachWindow } from "../../portability/execution/batch.js";
import type { InternedWindow } from "../../portability/execution/window.js";

const NOTHING: readonly Batch[] = [];

export class SideInputStore {
  #contents = new Map<InternedWindow, { batches: Batch[]; shared: boolean }>();

  add(batch: Batch): void {
    if (batch.count === 0) return;
    if ("all" in batch.windows) {
      forEachWindow(batch.windows.all, (window) => this.#append(window, batch));
      return;
    }
    const positions = new Map<InternedWindow, number[]>();
    for (const [i, windows] of batch.windows.entries()) {
      forEachWindow(windows, (window) => {
        const there = positions.get(window);
        if (there === undefined) positions.set(window, [i]);
        else there.push(i);
      });
    }
    for (const [window, at] of positions) this.#append(window, batch.select(at));
  }

  #append(window: InternedWindow, batch: Batch): void {
    const contents = this.#contents.get(window);
    if (contents === undefined) this.#contents.set(window, { batches: [batch], shared: false });
    else if (contents.shared) {
      // Whoever was given the array keeps it as it was: readers cache by its identity.
      this.#contents.set(window, { batches: [...contents.batches, batch], shared: false });
    } else contents.batches.push(batch);
  }

  /** The window's batches: the same array for as long as they are the same. */
  get(window: InternedWindow): readonly Batch[] {
    const contents = this.#contents.get(window);
    if (contents === undefined) return NOTHING;
    contents.shared = true;
    return contents.batches;
  }

  copy(): SideInputStore {
    const copy = new SideInputStore();
    for (const [window, { batches, shared }] of this.#contents) {
      copy.#contents.set(window, shared ? { batches, shared } : { batches: batches.slice(), shared });
    }
    return copy;
  }
}

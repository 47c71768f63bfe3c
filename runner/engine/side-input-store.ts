/** What a side input has received so far, window by window. */
import { type Batch, forEachWindow } from "../../portability/execution/batch.js";
import type { SideInputContents } from "../../portability/execution/side-input.js";
import type { InternedWindow } from "../../portability/execution/window.js";

const NOTHING: readonly Batch[] = [];

export class SideInputStore {
  /** By the window's encoded bytes: all windows of a PCollection have one coder. */
  #contents = new Map<string, { batches: Batch[]; shared: boolean }>();

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
    const contents = this.#contents.get(window.key);
    if (contents === undefined) this.#contents.set(window.key, { batches: [batch], shared: false });
    else if (contents.shared) {
      // Whoever was given the array keeps it as it was: readers cache by its identity.
      this.#contents.set(window.key, { batches: [...contents.batches, batch], shared: false });
    } else contents.batches.push(batch);
  }

  /** The batches of the window with these encoded bytes: the same array for as long as they are the same. */
  at(windowKey: string): readonly Batch[] {
    const contents = this.#contents.get(windowKey);
    if (contents === undefined) return NOTHING;
    contents.shared = true;
    return contents.batches;
  }

  copy(): SideInputStore {
    const copy = new SideInputStore();
    for (const [key, { batches, shared }] of this.#contents) {
      copy.#contents.set(key, shared ? { batches, shared } : { batches: batches.slice(), shared });
    }
    return copy;
  }
}

/** A side input as one bundle finds it: what the windows of the bundle's input map to is looked up when the bundle begins. */
export class BundleSideInput implements SideInputContents {
  readonly #byMain = new Map<InternedWindow, readonly Batch[]>();

  constructor(
    readonly store: SideInputStore,
    mains: Iterable<InternedWindow>,
    map: (main: InternedWindow) => InternedWindow | undefined,
  ) {
    for (const main of mains) {
      const side = map(main);
      if (side !== undefined) this.#byMain.set(main, store.at(side.key));
    }
  }

  get(main: InternedWindow): readonly Batch[] | undefined {
    return this.#byMain.get(main);
  }

  values(): Iterable<readonly Batch[]> {
    return this.#byMain.values();
  }

  at(windowKey: string): readonly Batch[] {
    return this.store.at(windowKey);
  }
}

/** What a side input has received so far, window by window. */
import { type Batch, entry, forEachWindow } from "../../portability/execution/batch.js";
import type { PaneInfo } from "../../portability/execution/pane.js";
import type { SideInputContents } from "../../portability/execution/side-input.js";
import type { InternedWindow } from "../../portability/execution/window.js";

const NOTHING: readonly Batch[] = [];

export class SideInputStore {
  /** By the window's encoded bytes: all windows of a PCollection have one coder. */
  #contents = new Map<string, { batches: Batch[]; shared: boolean; pane?: PaneInfo }>();

  /**
   * @param panes Whether windows have several panes that are told apart, and what becomes of one when the next comes. Default:
   * they are not.
   */
  constructor(readonly panes?: "replaced" | "added") {}

  /** Whether a window has had a pane; one that is not early, if that is asked for. */
  has(windowKey: string, ready: "on-time-pane" | "first-pane"): boolean {
    const pane = this.#contents.get(windowKey)?.pane;
    return pane !== undefined && (ready === "first-pane" || pane.timing !== "EARLY");
  }

  add(batch: Batch): void {
    if (batch.count === 0) return;
    if (this.panes !== undefined) {
      this.#addPanes(batch);
      return;
    }
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

  /** Elements of a later pane take the place of those of an earlier one, or come beside them. */
  #addPanes(batch: Batch): void {
    const { panes } = batch.columns;
    for (let i = 0; i < batch.count; i++) {
      const pane = entry(panes, i);
      const one = batch.slice(i, i + 1);
      forEachWindow(entry(batch.windows, i), (window) => {
        const contents = this.#contents.get(window.key);
        const before = contents?.pane;
        if (contents === undefined || before === undefined) {
          this.#contents.set(window.key, { batches: [one], shared: false, pane });
          return;
        }
        const replaced = this.panes === "replaced" && pane.index !== before.index;
        if (replaced && pane.index < before.index) return;
        const batches = replaced ? [one] : [...contents.batches, one];
        // A pane that is not early makes the window ready for good.
        const known = before.timing !== "EARLY" && pane.timing === "EARLY" ? before : pane;
        this.#contents.set(window.key, { batches, shared: false, pane: known });
      });
    }
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
    const copy = new SideInputStore(this.panes);
    for (const [key, contents] of this.#contents) {
      const { batches, shared } = contents;
      copy.#contents.set(key, shared ? contents : { ...contents, batches: batches.slice() });
    }
    return copy;
  }
}

/** A side input as one bundle finds it: what the windows of the bundle's input map to is looked up when the bundle begins. */
export class BundleSideInput implements SideInputContents {
  readonly #byMain = new Map<InternedWindow, readonly Batch[]>();
  readonly #bySide = new Map<string, readonly Batch[]>();

  constructor(
    store: SideInputStore,
    mains: Iterable<InternedWindow>,
    map: (main: InternedWindow) => InternedWindow | undefined,
  ) {
    for (const main of mains) {
      const side = map(main);
      if (side === undefined) continue;
      this.#byMain.set(main, store.at(side.key));
      this.#bySide.set(side.key, store.at(side.key));
    }
  }

  get(main: InternedWindow): readonly Batch[] | undefined {
    return this.#byMain.get(main);
  }

  values(): Iterable<readonly Batch[]> {
    return this.#byMain.values();
  }

  entries(): Iterable<readonly [string, readonly Batch[]]> {
    return this.#bySide;
  }

  at(windowKey: string): readonly Batch[] {
    return this.#bySide.get(windowKey) ?? NOTHING;
  }
}

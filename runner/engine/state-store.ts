/** The committed user state of a stage's keys. */

import type {
  StateAddress,
  StateChange,
  StateContents,
  StatePart,
  StateView,
} from "../../portability/execution/user-state.js";
import type { InternedWindow } from "../../portability/execution/window.js";

type Cell = Map<StatePart, readonly unknown[]>;

export class StateStore implements StateView {
  /** By window, so that all that belongs to an expired one goes at once. */
  #windows = new Map<InternedWindow, Map<string, Cell>>();

  read({ state, key, window }: StateAddress): StateContents | undefined {
    return this.#windows.get(window)?.get(cellKey(state, key));
  }

  /** Makes a bundle's changes part of what is committed. */
  apply(changes: readonly StateChange[]): void {
    for (const { address, cleared, parts } of changes) {
      const { state, key, window } = address;
      let cells = this.#windows.get(window);
      if (cells === undefined) {
        cells = new Map();
        this.#windows.set(window, cells);
      }
      const id = cellKey(state, key);
      // Whoever reads a cell keeps what it was given: cells are replaced, not changed.
      const cell: Cell = new Map(cleared ? [] : cells.get(id));
      for (const [part, change] of parts) {
        const before = change.cleared ? undefined : cell.get(part);
        const after = before === undefined ? change.appended : [...before, ...change.appended];
        if (after.length > 0) cell.set(part, after);
        else cell.delete(part);
      }
      if (cell.size > 0) cells.set(id, cell);
      else cells.delete(id);
      if (cells.size === 0) this.#windows.delete(window);
    }
  }

  /** Forgets the windows that are over. */
  expire(isOver: (window: InternedWindow) => boolean): void {
    for (const window of this.#windows.keys()) if (isOver(window)) this.#windows.delete(window);
  }

  /** Number of cells. */
  get size(): number {
    let size = 0;
    for (const cells of this.#windows.values()) size += cells.size;
    return size;
  }

  copy(): StateStore {
    const copy = new StateStore();
    for (const [window, cells] of this.#windows) copy.#windows.set(window, new Map(cells));
    return copy;
  }
}

function cellKey(state: number, key: unknown): string {
  return `${state} ${typeof key} ${String(key)}`;
}

/** Where in the data a chain stands: what the model keeps with every element beside its value. */
import type { WindowSet } from "../../portability/execution/batch.js";
import { NO_FIRING, type PaneInfo } from "../../portability/execution/pane.js";
import { type Instant, MIN_TIMESTAMP } from "../../portability/execution/time.js";
import type { InternedWindow } from "../../portability/execution/window.js";
import type { KeyCells } from "./state/key-cells.js";

/**
 * Timestamp, windows and pane of the element in hand. A synchronous chain has one cursor, set when something changes
 * instead of being copied with every element; an awaiting chain has one for each call in flight.
 */
export class Cursor {
  timestamp: Instant = MIN_TIMESTAMP;
  pane: PaneInfo = NO_FIRING;
  /** Whether the chain that it belongs to awaits promises. */
  awaits = false;
  /** What is kept for the key in hand, while a function is called that keeps something by key. */
  keyed: KeyCells | undefined;
  constructor(public windows: WindowSet) {}

  copy(): Cursor {
    const copy = new Cursor(this.windows);
    copy.awaits = this.awaits;
    copy.timestamp = this.timestamp;
    copy.pane = this.pane;
    return copy;
  }

  set(timestamp: Instant, windows: WindowSet, pane: PaneInfo): void {
    this.timestamp = timestamp;
    this.windows = windows;
    this.pane = pane;
  }

  /** The one window of a step that looks at windows: such steps see an element once for each. */
  get window(): InternedWindow {
    return this.windows as InternedWindow;
  }
}

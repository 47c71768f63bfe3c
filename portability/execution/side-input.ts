/** A side input as a bundle finds it. */
import type { Batch } from "./batch.js";
import type { InternedWindow } from "./window.js";

export interface SideInputContents {
  /**
   * The elements for a window of the main input. The array is the same object for as long as its contents are.
   * Undefined for a window that does not occur in the bundle's input.
   */
  get(main: InternedWindow): readonly Batch[] | undefined;
  /** What {@link get} returns, for all windows of the bundle's input. */
  values(): Iterable<readonly Batch[]>;
  /** The elements of the side input's own windows that windows of the bundle's input lead to, by their encoded bytes as Latin-1. */
  entries(): Iterable<readonly [windowKey: string, batches: readonly Batch[]]>;
  /**
   * Fetches what {@link get} returns for a window; undefined if that is at hand. Not there where everything always is.
   */
  load?(main: InternedWindow): Promise<void> | undefined;
  /** The elements of one of the side input's own windows, by the window's encoded bytes as Latin-1. Empty for others. */
  at(windowKey: string): readonly Batch[];
}

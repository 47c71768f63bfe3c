/** Values by key, as a batch's producer knows best how to keep them. */
import type { Batch } from "./batch.js";
import type { KeyIdentity } from "./key-identity.js";
import type { PaneInfo } from "./pane.js";
import type { Instant } from "./time.js";
import type { InternedWindow } from "./window.js";

/** Groups of keyed batches of one producer. */
export interface Groups {
  /** Number of keys. */
  readonly size: number;
  /** Whether batches like this one can be added. */
  takes(batch: Batch): boolean;
  /** Adds all elements of a batch. */
  addAll(batch: Batch): void;
  /** Adds one element of a batch. */
  add(batch: Batch, i: number): void;
  /** Grouped batches of everything, each element with these. The groups are not changed any more. */
  emit(timestamp: Instant, window: InternedWindow, pane: PaneInfo): Batch[];
  /** The values of each key, as references. */
  entries(): Iterable<readonly [KeyIdentity, unknown[]]>;
  copy(): Groups;
}
